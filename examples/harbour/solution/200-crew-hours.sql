-- Hours at sea, and the place of each within their rank.
CREATE VIEW crew_hours AS
SELECT crew_member.id AS crew_member_id,
       crew_member.name,
       crew_member.rank,
       count(sailing.id) AS sailings,
       coalesce(sum(route.minutes), 0) AS minutes,
       rank() OVER (PARTITION BY crew_member.rank ORDER BY coalesce(sum(route.minutes), 0) DESC) AS place
FROM crew_member
LEFT JOIN duty ON duty.crew_member_id = crew_member.id
LEFT JOIN sailing ON sailing.id = duty.sailing_id AND sailing.state <> 'cancelled'
LEFT JOIN route ON route.id = sailing.route_id
GROUP BY crew_member.id, crew_member.name, crew_member.rank;
