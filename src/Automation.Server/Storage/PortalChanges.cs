namespace Automation.Server.Storage;

/// <summary>A link to an endpoint's portal, as stored.</summary>
/// <param name="Id">With it the token begins.</param>
/// <param name="Hash">SHA-256 of the token.</param>
internal sealed record StoredPortalLink(string Id, byte[] Hash, string EndpointId, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset ExpiresAt);

/// <summary>Stores a link; past <paramref name="MaxLinks"/> of its endpoint the oldest ends.</summary>
internal sealed record PortalLinkStored(StoredPortalLink Link, int MaxLinks) : Change
{
    /// <summary>False when there is no such endpoint. Set when the change was applied.</summary>
    public bool IsStored { get; set; }
}

/// <summary>Ends a link of an endpoint, with the sessions that began with it.</summary>
internal sealed record PortalLinkDeleted(string EndpointId, string Id) : Change
{
    /// <summary>False when there was none. Set when the change was applied.</summary>
    public bool IsDeleted { get; set; }
}

/// <summary>Begins a session with a link; past <paramref name="MaxSessions"/> of it the oldest ends.</summary>
internal sealed record PortalOpened(string LinkId, byte[] Hash, DateTimeOffset At, DateTimeOffset ExpiresAt, int MaxSessions) : Change
{
    /// <summary>False when the link is gone. Set when the change was applied.</summary>
    public bool IsStored { get; set; }
}

/// <summary>Ends a session.</summary>
internal sealed record PortalClosed(byte[] Hash) : Change;
