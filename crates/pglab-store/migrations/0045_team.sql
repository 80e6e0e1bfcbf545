-- Teams: what one of a team earns, all of it have earned; attempts, hints and cool-downs count for the team.

CREATE TABLE team (
    id uuid PRIMARY KEY,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    name text NOT NULL,
    -- Students of the lab join by it. A–Z and 0–9, in capitals.
    code text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    UNIQUE (lab_id, name)
);

ALTER TABLE member ADD team_id uuid REFERENCES team ON DELETE SET NULL;
CREATE INDEX ON member (team_id) WHERE team_id IS NOT NULL;

-- From now on `member_id` is the id of the team, where the member is in one: so a team's answers are counted by one row.
-- Rows go with their task, and members and teams go with their lab, as tasks do.
ALTER TABLE answer_tally DROP CONSTRAINT answer_tally_member_id_fkey;

CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON team FOR EACH ROW EXECUTE FUNCTION tell_of_lab();
