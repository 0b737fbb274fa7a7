namespace Automation.Server.Storage;

/// <summary>A connection whose access token is renewed, as it is stored; the tokens themselves are secrets.</summary>
/// <param name="Name">The connection's.</param>
/// <param name="Client">How tokens are asked for, as JSON; holds no secret.</param>
/// <param name="Generation">Counts up with each token.</param>
/// <param name="ExpiresAt">Of the access token; null when the service does not say.</param>
/// <param name="RenewAt">When the next one is asked for, somewhat before.</param>
/// <param name="Problem">Why somebody has to connect it again; null when nobody has.</param>
internal sealed record OAuthRow(
    string Name, string Client, long Generation, DateTimeOffset? ExpiresAt, DateTimeOffset? RenewAt, DateTimeOffset? ConnectedAt, string? ConnectedBy, string? Problem, DateTimeOffset? ProblemAt);

/// <summary>Reads all of them.</summary>
internal sealed record OAuthRead : Change
{
    /// <summary>Set when the change was applied, as all below.</summary>
    public List<OAuthRow> Rows { get; } = [];

    public long Revision { get; set; }
}

/// <summary>Whether a server may ask for a token.</summary>
internal enum TokenClaim
{
    /// <summary>It may: no other does until it is done, dead, or its time is up.</summary>
    Granted,

    /// <summary>Another server is asking.</summary>
    Busy,

    /// <summary>There is a newer token already.</summary>
    Newer,
}

/// <summary>This server wants to ask for a connection's next token.</summary>
/// <param name="Generation">Of the token it knows; 0 when it knows none.</param>
/// <param name="Lease">How long it may take.</param>
internal sealed record OAuthTokenClaimed(string Connection, string Client, long Generation, DateTimeOffset Now, TimeSpan Lease) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public TokenClaim Outcome { get; set; }
}

/// <summary>A token was stored, in the same unit.</summary>
/// <param name="ConnectedBy">Who connected; null when it was renewed, which counts only while the connection is there.</param>
internal sealed record OAuthTokenStored(string Connection, string Client, DateTimeOffset? ExpiresAt, DateTimeOffset? RenewAt, DateTimeOffset Now, string? ConnectedBy) : Change
{
    /// <summary>True when the connection was deleted meanwhile. Set when the change was applied.</summary>
    public bool IsForgotten { get; set; }
}

/// <summary>This server's request for a token failed.</summary>
/// <param name="Problem">Why somebody has to connect anew; null when trying again can help.</param>
internal sealed record OAuthTokenFailed(string Connection, string? Problem, DateTimeOffset Now) : Change;

internal sealed record ConnectionForgotten(string Connection) : Change
{
    /// <summary>False when there was none. Set when the change was applied.</summary>
    public bool Deleted { get; set; }
}

/// <summary>A way to a service's page of consent and back.</summary>
/// <param name="State">SHA-256 of the state, as hex.</param>
/// <param name="BySession">Whether a browser's session began it: then only that user may go.</param>
/// <param name="Challenge">PKCE's challenge; null until a browser went.</param>
internal sealed record OAuthFlow(string State, string Client, string StartedBy, bool BySession, string RedirectUri, string? Challenge, DateTimeOffset ExpiresAt);

/// <summary>Stores a new way; those that are over go.</summary>
internal sealed record FlowBegun(OAuthFlow Flow, DateTimeOffset Now, int Most) : Change
{
    /// <summary>True when too many are under way. Set when the change was applied.</summary>
    public bool IsRefused { get; set; }
}

/// <summary>Reads a way that is not over.</summary>
internal sealed record FlowRead(string State, DateTimeOffset Now) : Change
{
    /// <summary>Null when there is none. Set when the change was applied.</summary>
    public OAuthFlow? Flow { get; set; }
}

/// <summary>A browser goes; only the first one may.</summary>
internal sealed record FlowStarted(string State, string Challenge, DateTimeOffset Now) : Change
{
    /// <summary>False when another browser went before, or the way is over. Set when the change was applied.</summary>
    public bool Started { get; set; }
}

/// <summary>The browser that went is back: the way is over.</summary>
internal sealed record FlowTaken(string State, string Challenge, DateTimeOffset Now) : Change
{
    /// <summary>Null when there is none, or another browser went. Set when the change was applied.</summary>
    public OAuthFlow? Flow { get; set; }
}
