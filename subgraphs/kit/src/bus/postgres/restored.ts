/** Below every transaction id that a server gives out (they begin at 3). */
const pastXid = '2'

/**
 * Transaction ids mean nothing on another server: a log that came there in a dump may lie in its future and would wait for
 * ids that take years to come. Such a log is numbered anew, as past, with its order and every group's place in it kept.
 * To be called inside the transaction that makes the tables, so that nobody reads or appends meanwhile.
 */
export const renumberRestoredLog = `
  do $renumber$ begin
    if exists (
      with recursive lane (topic, partition) as (
        (select topic, partition from bus.event order by topic, partition limit 1)
        union all
        select next.topic, next.partition from lane cross join lateral (
          select topic, partition from bus.event
          where (event.topic, event.partition) > (lane.topic, lane.partition)
          order by topic, partition limit 1) as next
      )
      select from lane cross join lateral (
        select xid from bus.event
        where event.topic = lane.topic and event.partition = lane.partition
        order by xid desc, position desc limit 1) as last
      where last.xid >= pg_snapshot_xmax(pg_current_snapshot())
    ) then
      lock table bus.event, bus.progress in access exclusive mode;
      create temporary table renumbered on commit drop as
        select topic, partition, xid, position,
          row_number() over (partition by topic, partition order by xid, position) as place
        from bus.event;
      update bus.progress set xid = '${pastXid}', epoch = epoch + 1, position = coalesce((
        select max(place) from renumbered
        where renumbered.topic = progress.topic and renumbered.partition = progress.partition
          and (renumbered.xid, renumbered.position) <= (progress.xid, progress.position)), 0);
      update bus.event set xid = '${pastXid}', position = renumbered.place from renumbered
      where event.topic = renumbered.topic and event.partition = renumbered.partition
        and event.xid = renumbered.xid and event.position = renumbered.position;
    end if;
  end $renumber$;`
