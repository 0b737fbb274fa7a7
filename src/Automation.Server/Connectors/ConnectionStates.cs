using Automation.Server.Connectors.OAuth;
using Automation.Server.Secrets;

namespace Automation.Server.Connectors;

/// <summary>Whether a connection can be used.</summary>
internal enum ConnectionState
{
    /// <summary>It has an access token that is renewed.</summary>
    Connected,

    /// <summary>All secrets that it needs are set; a token, where there is one, is fetched when it is needed, or was set by hand.</summary>
    Ready,

    /// <summary>Somebody has to connect it.</summary>
    NotConnected,

    /// <summary>Secrets are missing.</summary>
    MissingSecrets,
}

/// <summary>What is there for each connection, and what is missing.</summary>
internal sealed class ConnectionStates(ConnectionUses uses, OAuthConnections connected, SecretStore secrets, TimeProvider time)
{
    /// <param name="Use">Null for one that was connected and is not used.</param>
    /// <param name="Stored">Null for one that has, and had, no tokens that this server fetched.</param>
    /// <param name="Missing">Names of secrets.</param>
    internal sealed record Entry(string Connector, string Name, ConnectionUse? Use, OAuthConnection? Stored, ConnectionState State, IReadOnlyList<string> Missing, string? Problem);

    /// <summary>Those that workflows use, then those that are connected and not used.</summary>
    public IReadOnlyList<Entry> All()
    {
        var used = uses.All();
        var unused = connected.All.Values.Where(c => !used.Any(u => u.Name == c.Row.Name && u.Connector.Name == c.Client.Connector)).OrderBy(c => c.Row.Name, StringComparer.Ordinal);
        return [.. used.Select(use => Of(use.Connector.Name, use.Name, use, use.Client, use.Credentials)), .. unused.Select(c => Of(c.Client.Connector, c.Row.Name, null, c.Client, []))];
    }

    private Entry Of(string connector, string name, ConnectionUse? use, OAuthClient? client, IReadOnlyList<string> credentials)
    {
        var stored = client is null ? null : connected.Find(name);
        var hasToken = client is not null && secrets.Contains(client.AccessToken);
        var isByHand = hasToken && (stored is null || secrets.SourcesOf(client!.AccessToken).File);
        var needed = credentials.Select(c => Connection.SecretOf(name, c)).Where(secret => secret != client?.AccessToken);
        List<string> missing = [.. needed.Union(client is null || isByHand ? [] : client.Needed).Where(secret => !secrets.Contains(secret))];
        var (state, problem) = (missing.Count > 0, client) switch
        {
            (true, _) => (ConnectionState.MissingSecrets, secrets.HowToSet(missing[0])),
            (_, null) => (ConnectionState.Ready, null),
            _ when isByHand => (ConnectionState.Ready, null),
            _ when stored?.Row.Problem is { } refused => (ConnectionState.NotConnected, refused),
            (_, { Grant: OAuthGrant.ClientCredentials }) => (hasToken ? ConnectionState.Connected : ConnectionState.Ready, null),
            _ when secrets.Contains(client.RefreshToken) => (hasToken ? ConnectionState.Connected : ConnectionState.Ready, null),
            _ when hasToken && !(stored!.Row.ExpiresAt <= time.GetUtcNow()) => (ConnectionState.Connected, null),
            _ => (ConnectionState.NotConnected, client.HowToConnect),
        };
        return new Entry(connector, name, use, stored, state, missing, problem);
    }
}
