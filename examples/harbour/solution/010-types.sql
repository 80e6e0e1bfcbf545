-- The states of one sailing, in the order in which they come.
CREATE TYPE sailing_state AS ENUM ('planned', 'boarding', 'departed', 'arrived', 'cancelled');

CREATE TYPE cabin_class AS ENUM ('deck', 'saloon', 'cabin');

CREATE DOMAIN port_code AS text
    CHECK (VALUE ~ '^[A-Z]{3}$');

CREATE DOMAIN money_amount AS numeric(8,2)
    CHECK (VALUE >= 0);
