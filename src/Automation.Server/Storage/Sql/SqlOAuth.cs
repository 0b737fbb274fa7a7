namespace Automation.Server.Storage.Sql;

/// <summary>Connections whose tokens are renewed, who renews them, and ways to pages of consent.</summary>
internal static class SqlOAuth
{
    private const string FlowColumns = "state, client, started_by, by_session, redirect_uri, challenge, expires_at";

    public static void Apply(OAuthRead read, SqlSession db)
    {
        read.Rows.Clear(); // a refused neighbour makes the unit apply again
        read.Revision = SqlRevisions.Read(SqlRevisions.OAuth, db);
        var row = db.Sql("SELECT name, client, generation, expires_at, renew_at, connected_at, connected_by, problem, problem_at FROM oauth_connections ORDER BY name");
        while (row.Read()) read.Rows.Add(new OAuthRow(row.Text(0), row.Text(1), row.Long(2), row.TimeOrNull(3), row.TimeOrNull(4), row.TimeOrNull(5), row.TextOrNull(6), row.TextOrNull(7), row.TimeOrNull(8)));
    }

    public static void Apply(OAuthTokenClaimed change, SqlSession db)
    {
        var row = db.Sql("SELECT generation, asking, asking_until FROM oauth_connections WHERE name = ?1").Bind(1, change.Connection);
        var (generation, asking, until) = (-1L, (long?)null, (DateTimeOffset?)null);
        while (row.Read()) (generation, asking, until) = (row.Long(0), row.LongOrNull(1), row.TimeOrNull(2));
        if (generation < 0)
        {
            db.Sql("INSERT INTO oauth_connections (name, client, generation) VALUES (?1, ?2, 0)").Bind(1, change.Connection).Bind(2, change.Client).Run();
            generation = 0;
        }

        change.Outcome = generation != change.Generation ? TokenClaim.Newer
            : asking is { } other && other != db.Server && until > change.Now && Lives(other, db) ? TokenClaim.Busy
            : TokenClaim.Granted;
        if (change.Outcome is not TokenClaim.Granted) return;
        db.Sql("UPDATE oauth_connections SET asking = ?2, asking_until = ?3, client = ?4 WHERE name = ?1").Bind(1, change.Connection).Bind(2, db.Server).Bind(3, change.Now + change.Lease).Bind(4, change.Client).Run();
    }

    public static void Apply(OAuthTokenStored change, SqlSession db)
    {
        if (change.ConnectedBy is not null) db.Sql("INSERT INTO oauth_connections (name, client, generation) VALUES (?1, ?2, 0) ON CONFLICT (name) DO NOTHING").Bind(1, change.Connection).Bind(2, change.Client).Run();
        change.IsForgotten = !db.Sql("UPDATE oauth_connections SET client = ?2, generation = generation + 1, expires_at = ?3, renew_at = ?4, problem = NULL, problem_at = NULL, asking = NULL, asking_until = NULL WHERE name = ?1")
            .Bind(1, change.Connection).Bind(2, change.Client).Bind(3, change.ExpiresAt).Bind(4, change.RenewAt).TryRun();
        if (change.ConnectedBy is not null) db.Sql("UPDATE oauth_connections SET connected_at = ?2, connected_by = ?3 WHERE name = ?1").Bind(1, change.Connection).Bind(2, change.Now).Bind(3, change.ConnectedBy).Run();
        SqlRevisions.Add(SqlRevisions.OAuth, db);
    }

    public static void Apply(OAuthTokenFailed change, SqlSession db)
    {
        db.Sql("UPDATE oauth_connections SET asking = NULL, asking_until = NULL WHERE name = ?1 AND asking = ?2").Bind(1, change.Connection).Bind(2, db.Server).Run();
        if (change.Problem is not null) db.Sql("UPDATE oauth_connections SET problem = ?2, problem_at = ?3 WHERE name = ?1").Bind(1, change.Connection).Bind(2, change.Problem).Bind(3, change.Now).Run();
        SqlRevisions.Add(SqlRevisions.OAuth, db);
    }

    public static void Apply(ConnectionForgotten change, SqlSession db)
    {
        change.Deleted = db.Sql("DELETE FROM oauth_connections WHERE name = ?1").Bind(1, change.Connection).TryRun();
        if (change.Deleted) SqlRevisions.Add(SqlRevisions.OAuth, db);
    }

    public static void Apply(FlowBegun change, SqlSession db)
    {
        db.Sql("DELETE FROM oauth_flows WHERE expires_at <= ?1").Bind(1, change.Now).Run();
        var (row, count) = (db.Sql("SELECT count(*) FROM oauth_flows"), 0L);
        while (row.Read()) count = row.Long(0);
        change.IsRefused = count >= change.Most;
        if (change.IsRefused) return;
        var flow = change.Flow;
        db.Sql("INSERT INTO oauth_flows (state, client, started_by, by_session, redirect_uri, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .Bind(1, flow.State).Bind(2, flow.Client).Bind(3, flow.StartedBy).Bind(4, flow.BySession ? 1 : 0).Bind(5, flow.RedirectUri).Bind(6, flow.ExpiresAt).Run();
    }

    public static void Apply(FlowRead change, SqlSession db)
    {
        var row = db.Sql($"SELECT {FlowColumns} FROM oauth_flows WHERE state = ?1 AND expires_at > ?2").Bind(1, change.State).Bind(2, change.Now);
        change.Flow = null;
        while (row.Read()) change.Flow = Flow(row);
    }

    public static void Apply(FlowStarted change, SqlSession db) =>
        change.Started = db.Sql("UPDATE oauth_flows SET challenge = ?2 WHERE state = ?1 AND challenge IS NULL AND expires_at > ?3").Bind(1, change.State).Bind(2, change.Challenge).Bind(3, change.Now).TryRun();

    public static void Apply(FlowTaken change, SqlSession db)
    {
        var row = db.Sql($"SELECT {FlowColumns} FROM oauth_flows WHERE state = ?1 AND challenge = ?2 AND expires_at > ?3").Bind(1, change.State).Bind(2, change.Challenge).Bind(3, change.Now);
        change.Flow = null;
        while (row.Read()) change.Flow = Flow(row);
        if (change.Flow is not null) db.Sql("DELETE FROM oauth_flows WHERE state = ?1").Bind(1, change.State).Run();
    }

    private static OAuthFlow Flow(SqlStatement row) => new(row.Text(0), row.Text(1), row.Text(2), row.Long(3) != 0, row.Text(4), row.TextOrNull(5), row.Time(6));

    private static bool Lives(long server, SqlSession db)
    {
        var row = db.Sql("SELECT 1 FROM servers WHERE id = ?1").Bind(1, server);
        var lives = false;
        while (row.Read()) lives = true;
        return lives;
    }
}
