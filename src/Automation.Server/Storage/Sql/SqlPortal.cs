namespace Automation.Server.Storage.Sql;

/// <summary>Links to endpoints' portals, and the sessions that began with them.</summary>
internal static class SqlPortal
{
    private static readonly string[] OfEndpoint =
    [
        "DELETE FROM portal_sessions WHERE link_id IN (SELECT id FROM portal_links WHERE endpoint_id = ?1)",
        "DELETE FROM portal_links WHERE endpoint_id = ?1",
    ];

    public static void Apply(PortalLinkStored c, SqlSession db)
    {
        var link = c.Link;
        var endpoint = db.Sql("SELECT 1 FROM endpoints WHERE id = ?1").Bind(1, link.EndpointId);
        c.IsStored = endpoint.Read();
        endpoint.Reset();
        if (!c.IsStored) return;
        Forget(link.CreatedAt, db);
        var old = new List<string>();
        var rows = db.Sql("SELECT id FROM portal_links WHERE endpoint_id = ?1 ORDER BY created_at DESC, id LIMIT 1000 OFFSET ?2").Bind(1, link.EndpointId).Bind(2, c.MaxLinks - 1);
        while (rows.Read()) old.Add(rows.Text(0));
        foreach (var id in old) Delete(id, db);
        db.Sql("INSERT INTO portal_links (id, hash, endpoint_id, created_at, created_by, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .Bind(1, link.Id).BindBlob(2, link.Hash).Bind(3, link.EndpointId).Bind(4, link.CreatedAt).Bind(5, link.CreatedBy).Bind(6, link.ExpiresAt).Run();
    }

    public static void Apply(PortalLinkDeleted c, SqlSession db)
    {
        var link = db.Sql("SELECT 1 FROM portal_links WHERE id = ?1 AND endpoint_id = ?2").Bind(1, c.Id).Bind(2, c.EndpointId);
        c.IsDeleted = link.Read();
        link.Reset();
        if (c.IsDeleted) Delete(c.Id, db);
    }

    public static void Apply(PortalOpened c, SqlSession db)
    {
        c.IsStored = db.Sql("UPDATE portal_links SET opened_at = ?2 WHERE id = ?1").Bind(1, c.LinkId).Bind(2, c.At).TryRun();
        if (!c.IsStored) return;
        db.Sql("DELETE FROM portal_sessions WHERE hash IN (SELECT hash FROM portal_sessions WHERE link_id = ?1 ORDER BY created_at DESC LIMIT 1000 OFFSET ?2)").Bind(1, c.LinkId).Bind(2, c.MaxSessions - 1).Run();
        db.Sql("INSERT INTO portal_sessions (hash, link_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)").BindBlob(1, c.Hash).Bind(2, c.LinkId).Bind(3, c.At).Bind(4, c.ExpiresAt).Run();
    }

    public static void Apply(PortalClosed c, SqlSession db) => db.Sql("DELETE FROM portal_sessions WHERE hash = ?1").BindBlob(1, c.Hash).Run();

    /// <summary>An endpoint is deleted: nobody gets in any more.</summary>
    public static void DeleteOf(string endpoint, SqlSession db)
    {
        foreach (var delete in OfEndpoint) db.Sql(delete).Bind(1, endpoint).Run();
    }

    /// <summary>Deletes what is over.</summary>
    public static void Forget(DateTimeOffset now, SqlSession db)
    {
        db.Sql("DELETE FROM portal_sessions WHERE expires_at <= ?1").Bind(1, now).Run();
        db.Sql("DELETE FROM portal_links WHERE expires_at <= ?1").Bind(1, now).Run();
    }

    private static void Delete(string link, SqlSession db)
    {
        db.Sql("DELETE FROM portal_sessions WHERE link_id = ?1").Bind(1, link).Run();
        db.Sql("DELETE FROM portal_links WHERE id = ?1").Bind(1, link).Run();
    }
}
