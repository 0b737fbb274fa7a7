using Automation.Server.Runs;
using Automation.Server.Steps.Types;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Turns changes into rows, on the one connection that writes. Used by one thread at a time.</summary>
internal sealed class SqlWriter : IDisposable
{
    private const string OpenRunsOfNobody =
        "SELECT r.id, r.workflow_id, r.version, r.trigger_id, r.started_at, r.snapshot, r.key, r.deadline_at, " + SqlEvents.Columns + " FROM runs r JOIN events e ON e.id = r.event_id WHERE r.owner IS NULL AND r.ended_at IS NULL AND r.state <> 'waiting' AND r.blocked = 0 ORDER BY r.id LIMIT ?1";

    private const string OthersRun = "The run is not this server's any more.";

    private readonly SqlSession db;
    private readonly WaitSources sources;

    /// <summary>Registers this process as a server.</summary>
    /// <param name="session">Open and migrated; closed with this object.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="JournalException">Another live server has its name.</exception>
    public SqlWriter(SqlSession session, DateTimeOffset now)
    {
        db = session;
        sources = new WaitSources(db);
        Register(now);
    }

    /// <summary>Becomes a server of the database; anew when it was fenced off.</summary>
    public void Register(DateTimeOffset now)
    {
        var before = db.Server;
        db.Server = 0;
        try
        {
            InTransaction(() => db.Register(now));
        }
        catch
        {
            db.Server = before; // the fence still finds that it is none; with 0 it would not look
            throw;
        }

        if (db.SharesDatabase) db.Ids.UseNumber(db.Server);
    }

    /// <summary>Lets go of what it holds: it stops.</summary>
    public void Leave() => InTransaction(db.Leave);

    public void Begin()
    {
        sources.Begin();
        db.Begin();
    }

    public void Commit() => db.Commit();

    public void Rollback()
    {
        sources.Forget();
        db.Rollback();
    }

    public void Apply(Change change)
    {
        switch (change)
        {
            case EventAccepted c: Apply(c); break;
            case RunAccepted c: Apply(c); break;
            case RunSaved c: Apply(c); break;
            case RunEnded c: Apply(c); break;
            case DeliveryQueued c: SqlDeliveries.Apply(c, db); break;
            case DeliveryAttempted c: SqlDeliveries.Apply(c, db); break;
            case DeliveryReleased c: SqlDeliveries.Apply(c, db); break;
            case DeliveryReplayed c: SqlDeliveries.Apply(c, db); break;
            case EndpointStored c: SqlEndpoints.Apply(c, db); break;
            case EndpointDeleted c: SqlEndpoints.Apply(c, db); break;
            case EndpointStateSet c: SqlEndpoints.Apply(c, db); break;
            case EndpointRotated c: SqlEndpoints.Apply(c, db); break;
            case EndpointRead c: SqlEndpoints.Apply(c, db); break;
            case EventTypeStored c: SqlEndpoints.Apply(c, db); break;
            case EventTypeDeleted c: SqlEndpoints.Apply(c, db); break;
            case PortalLinkStored c: SqlPortal.Apply(c, db); break;
            case PortalLinkDeleted c: SqlPortal.Apply(c, db); break;
            case PortalOpened c: SqlPortal.Apply(c, db); break;
            case PortalClosed c: SqlPortal.Apply(c, db); break;
            case EventEmitted c: SqlEmissions.Apply(c, db); break;
            case EmissionFannedOut c: SqlEmissions.Apply(c, db); break;
            case EmissionHeard c: SqlEmissions.Apply(c, db); break;
            case EmissionsOpen c: SqlEmissions.Apply(c, db); break;
            case EmissionsPruned c: SqlEmissions.Apply(c, db); break;
            case VersionStored c: SqlVersions.Apply(c, db); break;
            case VersionCommitted c: SqlVersions.Apply(c, db); break;
            case WorkflowSwitched c: Apply(c); break;
            case RunsClaimed c: Apply(c); break;
            case RunRetried c: SqlRuns.Apply(c, db); break;
            case MovableRunRead c: SqlMoves.Apply(c, db); break;
            case RunMoved c: SqlMoves.Apply(c, db); break;
            case RunReplaced c: SqlRuns.Apply(c, db); break;
            case KeyStateSet c: SqlKeyCommands.Apply(c, db); break;
            case KeySkipped c: SqlKeyCommands.Apply(c, db); break;
            case KeyDrained c: SqlKeyCommands.Apply(c, db); break;
            case StatesExpired c: SqlKeyCommands.Apply(c, db); break;
            case RunCancelled c: SqlRuns.Apply(c, db); break;
            case WaitsTimedOut c: SqlWaits.Apply(c, db); break;
            case WokenRead c: c.Woken = SqlWaits.Woken(c.RunId, db); break;
            case KeyTimersFired c: SqlKeyTimers.Apply(c, db); break;
            case FilterMemoryRead c: SqlFilters.Apply(c, db); break;
            case EventRepeated c: SqlFirstEvents.Apply(c, db); break;
            case FirstEventRead c: SqlFirstEvents.Apply(c, db); break;
            case AnswerKept c: SqlFirstEvents.Apply(c, db); break;
            case FilterPassed c: SqlFilters.Apply(c, db); break;
            case FiltersForgotten c: SqlFilters.Apply(c, db); break;
            case FilterCounted c: SqlFilters.Apply(c, db); break;
            case StepForgotten c: SqlStepStates.Apply(c, db); break;
            case KeyStateRead c: c.State = SqlKeys.State(c.WorkflowId, c.Key, c.Now, db); break;
            case CallRead c: SqlCalls.Apply(c, db); break;
            case CallbackRead c: SqlCallbacks.Apply(c, db); break;
            case CallbackTaken c: SqlCallbacks.Apply(c, db); break;
            case DeliveriesClaimed c: SqlClaims.Apply(c, db); break;
            case VersionRead c: SqlVersions.Apply(c, db); break;
            case PinsRead c: SqlVersions.Apply(c, db); break;
            case FolderLooked c: SqlFolders.Apply(c, db); break;
            case EndpointFolderLooked c: SqlEndpointFiles.Apply(c, db); break;
            case ElsewhereRead c: SqlFolders.Apply(c, db); break;
            case RunsPruned c: SqlPruning.Apply(c, db); break;
            case EventsPruned c: SqlPruning.Apply(c, db); break;
            case ActivationsPruned c: SqlLeftovers.Apply(c, db); break;
            case VersionsPruned c: SqlLeftovers.Apply(c, db); break;
            case LeftoversPruned c: SqlLeftovers.Apply(c, sources, db); break;
            case SpaceReleased c: c.HasMore = db.ReleaseSpace(c.MaxPages); break;
            case ServersLooked c: db.Look(c); break;
            case SchedulesRead c: SqlSchedules.Apply(c, db); break;
            case SchedulesDue c: SqlSchedules.Apply(c, db); break;
            case ScheduleStarted c: SqlSchedules.Apply(c, db); break;
            case ScheduleStopped c: SqlSchedules.Apply(c, db); break;
            case ScheduleMoved c: Apply(c); break;
            case SecretStored c: SqlSecrets.Apply(c, db); break;
            case SecretDeleted c: SqlSecrets.Apply(c, db); break;
            case SecretsRead c: SqlSecrets.Apply(c, db); break;
            case SecretKeyNoted c: SqlSecrets.Apply(c, db); break;
            case PlainKeysRead c: SqlSecrets.Apply(c, db); break;
            case PlainKeysErased c: SqlSecrets.Apply(c, db); break;
            case OAuthRead c: SqlOAuth.Apply(c, db); break;
            case OAuthTokenClaimed c: SqlOAuth.Apply(c, db); break;
            case ConnectionForgotten c: SqlOAuth.Apply(c, db); break;
            case FlowBegun c: SqlOAuth.Apply(c, db); break;
            case FlowRead c: SqlOAuth.Apply(c, db); break;
            case FlowStarted c: SqlOAuth.Apply(c, db); break;
            case FlowTaken c: SqlOAuth.Apply(c, db); break;
            case OAuthTokenFailed c: SqlOAuth.Apply(c, db); break;
            case OAuthTokenStored c: SqlOAuth.Apply(c, db); break;
            case RequestKept c: SqlRequests.Apply(c, db); break;
            case PathCaptured c: SqlRequests.Apply(c, db); break;
            case UserSet c: SqlAccess.Apply(c, db); break;
            case UserDeleted c: SqlAccess.Apply(c, db); break;
            case PasswordChanged c: SqlAccess.Apply(c, db); break;
            case TokenStored c: SqlAccess.Apply(c, db); break;
            case TokenDeleted c: SqlAccess.Apply(c, db); break;
            case TokenUsed c: SqlAccess.Apply(c, db); break;
            case SessionStored c: SqlAccess.Apply(c, db); break;
            case SessionRead c: SqlAccess.Apply(c, db); break;
            case SessionUsed c: SqlAccess.Apply(c, db); break;
            case SessionsEnded c: SqlAccess.Apply(c, db); break;
            case SessionsRead c: SqlAccess.Apply(c, db); break;
            case MqttUserSet c: SqlAccess.Apply(c, db); break;
            case MqttUserDeleted c: SqlAccess.Apply(c, db); break;
            case AccessRead c: SqlAccess.Apply(c, db); break;
            case AuditNoted c: SqlAudit.Apply(c, db); break;
            case AuditPruned c: SqlAudit.Apply(c, db); break;
            case MqttStored c: SqlMqtt.Apply(c, db); break;
            case MqttLoaded c: SqlMqtt.Apply(c, db); break;
            default: throw new InvalidOperationException($"No SQL for {change.GetType().Name}.");
        }
    }

    private void InTransaction(Action act)
    {
        try
        {
            db.Begin();
            act();
            db.Commit();
        }
        catch
        {
            db.Rollback();
            throw;
        }
    }

    /// <summary>The greatest id stored, so that new ones come after it.</summary>
    public long GreatestId() =>
        Number(db.Sql("SELECT coalesce(max(id), 0) FROM (SELECT max(id) AS id FROM events UNION ALL SELECT max(id) FROM runs UNION ALL SELECT max(id) FROM deliveries UNION ALL SELECT max(id) FROM waits UNION ALL SELECT max(id) FROM activations UNION ALL SELECT max(id) FROM emissions) AS newest"));

    public (long All, long Claimable) OpenRuns() => (
        Number(db.Sql("SELECT count(*) FROM runs WHERE ended_at IS NULL AND state <> 'waiting'")),
        Number(db.Sql("SELECT count(*) FROM runs WHERE ended_at IS NULL AND state <> 'waiting' AND blocked = 0")));

    public List<string> DisabledWorkflows()
    {
        var ids = new List<string>();
        var row = db.Sql("SELECT id FROM workflows WHERE enabled = 0 ORDER BY id");
        while (row.Read()) ids.Add(row.Text(0));
        return ids;
    }

    /// <summary>MQTT messages that runs wait for.</summary>
    public IReadOnlyList<WaitTopic> WaitTopics()
    {
        var topics = new HashSet<WaitTopic>();
        var row = db.Sql("SELECT match FROM waits WHERE match LIKE 'mqtt:%'");
        while (row.Read())
        {
            if (WaitMatch.TryReadSource(row.Text(0), out var pattern, out _) && WaitMatch.TryReadTopic(pattern, out var connection, out var filter)) topics.Add(new WaitTopic(connection, filter));
        }

        return [.. topics];
    }

    public void Dispose() => db.Dispose();

    private void Apply(EventAccepted change)
    {
        var e = change.Event;
        SqlWaits.Apply(change, sources, db);
        if (change is { OnlyForWaits: true, Ended: null }) return;
        db.Sql("INSERT INTO events (id, state, open_runs, trigger_type, type, source, subject, accepted_at, attributes, content_type, body) VALUES (?1, CASE WHEN ?2 > 0 THEN 'accepted' WHEN ?11 > 0 THEN 'done' ELSE 'filtered' END, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
            .Bind(1, e.Id).Bind(2, change.Runs).Bind(3, e.Trigger).Bind(4, e.Type).Bind(5, e.Source).Bind(6, e.Subject).Bind(7, e.AcceptedAt)
            .Bind(8, e.Attributes).Bind(9, e.ContentType).BindBlob(10, e.Body.Span).Bind(11, change.Ended is null ? 0 : 1).Run();
    }

    private void Apply(RunAccepted c)
    {
        if (c.Key is not null) SqlKeys.Apply(c, db);
        c.Owner = c is { Held: true, IsBlocked: false } ? db.Server : null;
        db.Sql("INSERT INTO runs (id, event_id, workflow_id, version, trigger_id, state, owner, created_at, key, blocked) VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7, ?8, ?9)")
            .Bind(1, c.RunId).Bind(2, c.EventId).Bind(3, c.WorkflowId).Bind(4, c.VersionHash).Bind(5, c.TriggerId).Bind(6, c.Owner)
            .Bind(7, c.CreatedAt).Bind(8, c.Key).Bind(9, c.IsBlocked ? 1 : 0).Run();
        if (c.CalledBy is { } key) SqlCalls.Store(c.RunId, key, db);
        if (c.Repeats is not null) SqlFirstEvents.Apply(c, db);
        foreach (var (trigger, after) in c.Watches) SqlKeyTimers.Watch(c, trigger, c.CreatedAt + after, db);
        if (!c.Held && !c.IsBlocked) db.Notify(); // a server without room for it: another may have some
        if (!c.IsRefused) return;
        db.Sql("UPDATE runs SET state = 'failed', blocked = 0, ended_at = ?2, error = ?3 WHERE id = ?1").Bind(1, c.RunId).Bind(2, c.CreatedAt).Bind(3, Json.From(RunAccepted.KeyFull)).Run();
        if (c.Repeats is not null) SqlFirstEvents.Keep(c.RunId, RunAccepted.KeyFull, db);
        SqlRuns.EndOfEvent(c.EventId, failed: true, db);
    }

    private void Apply(RunSaved c)
    {
        db.Sql("UPDATE runs SET state = 'running', snapshot = ?2, started_at = ?3, deadline_at = ?4 WHERE id = ?1 AND owner = ?5")
            .Bind(1, c.RunId).Bind(2, c.Snapshot).Bind(3, c.StartedAt).Bind(4, c.Deadline).Bind(5, c.Owner).RunOrSupersede(OthersRun);
        if (c.StepRuns.Utf8.Length > 2) db.Sql("INSERT INTO run_saves (run_id, step_runs) VALUES (?1, ?2)").Bind(1, c.RunId).Bind(2, c.StepRuns).Run();
        SqlWaits.Apply(c, sources, db);
        if (c.Key is { } key) SqlKeys.Store(key, db);
    }

    private void Apply(RunEnded c)
    {
        c.Ended.Clear();
        db.Sql("UPDATE runs SET state = ?2, owner = NULL, started_at = ?3, ended_at = ?4, snapshot = CASE WHEN ?9 = 1 THEN snapshot ELSE ?8 END, step_runs = ?5, failed_step = ?6, error = ?7 WHERE id = ?1 AND owner = ?10")
            .Bind(1, c.RunId).Bind(2, c.State).Bind(3, c.StartedAt).Bind(4, c.EndedAt).Bind(5, c.StepRuns).Bind(6, c.FailedStep)
            .Bind(7, c.Error).Bind(8, c.Snapshot).Bind(9, c.KeepsLastSave ? 1 : 0).Bind(10, c.Owner).RunOrSupersede(OthersRun);
        if (c.Snapshot is not null) SqlWaits.Store(c.RunId, c.Waits, c.EndedWaits, c.PassedEvents, c.EndedAt, sources, db);
        else if (c is { HasWaited: true, KeepsLastSave: false }) SqlWaits.Delete(c.RunId, db);
        if (c.Key is { } key) SqlKeys.Apply(c, key, db);
        if (c.IsCalled) SqlCalls.End(c.RunId, c.Output, c.EndedAt, c.Ended, db);
        SqlRuns.EndOfEvent(c.EventId, c.State == "failed", db);
    }

    private void Apply(WorkflowSwitched c)
    {
        db.Notify();
        db.Sql("INSERT INTO workflows (id, enabled, changed_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET enabled = ?2, changed_at = ?3")
            .Bind(1, c.WorkflowId).Bind(2, c.Enabled ? 1 : 0).Bind(3, c.At).Run();
    }

    private void Apply(ScheduleMoved c)
    {
        if (!SqlSchedules.Apply(c, db) && c.Fires) throw JournalException.SupersededBy($"{c.Id.WorkflowId}/{c.Id.TriggerId} is not at {c.From:O} any more.");
    }

    private void Apply(RunsClaimed change)
    {
        var rows = db.Sql(OpenRunsOfNobody).Bind(1, change.Limit);
        change.Runs.Clear(); // a refused neighbour makes the unit apply again
        var room = change.Bytes;
        while ((room > 0 || change.Runs.Count == 0) && rows.Read())
        {
            var accepted = SqlEvents.Of(rows, 8);
            var snapshot = rows.Bytes(5);
            room -= accepted.Body.Length + accepted.Attributes.Utf8.Length + snapshot.Length;
            change.Runs.Add(new ClaimedRun(
                rows.Long(0),
                db.Server,
                accepted,
                rows.Text(1),
                rows.Text(2),
                rows.Text(3),
                rows.TimeOrNull(4),
                snapshot.Length == 0 ? null : new Json(snapshot))
            { Key = rows.TextOrNull(6), Deadline = rows.TimeOrNull(7) });
        }

        rows.Reset();
        for (var i = 0; i < change.Runs.Count; i++)
        {
            var run = change.Runs[i];
            db.Sql("UPDATE runs SET owner = ?2 WHERE id = ?1").Bind(1, run.RunId).Bind(2, db.Server).Run();
            run = run with { KeepsAnswer = SqlFirstEvents.WantsAnswer(run.RunId, db) };
            if (run.Snapshot is not null) run = run with { Woken = SqlWaits.Woken(run.RunId, db) };
            if (run.Key is { } key) run = run with { State = SqlKeys.State(run.WorkflowId, key, change.Now, db), Steps = SqlStepStates.Read(run.WorkflowId, key, db) };
            change.Runs[i] = run;
        }
    }

    private static long Number(SqlStatement rows)
    {
        var number = 0L;
        while (rows.Read()) number = rows.Long(0);
        return number;
    }
}
