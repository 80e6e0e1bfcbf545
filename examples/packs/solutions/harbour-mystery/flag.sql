-- Prints the member's own flag.
SELECT substr(contents, strpos(contents, 'note: ') + 6)
FROM locker JOIN crew_member ON crew_member.id = locker.crew_member_id
WHERE crew_member.name = 'Paulo Figueiredo';
