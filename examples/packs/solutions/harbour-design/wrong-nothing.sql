-- Nothing was done yet.

SELECT 1;
