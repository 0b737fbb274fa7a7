namespace Automation.Server.Storage;

/// <summary>A secret as it is stored: <paramref name="Sealed"/> opens only with the key of that id, and only under that name.</summary>
internal sealed record SealedSecret(string Name, string KeyId, byte[] Nonce, byte[] Sealed, DateTimeOffset ChangedAt, string? ChangedBy);

/// <summary>Stores a secret in place of the former one of its name.</summary>
/// <param name="Secret">The secret.</param>
/// <param name="Before">The nonce of the row that it takes the place of, when only that may be replaced; null for any, or none.</param>
internal sealed record SecretStored(SealedSecret Secret, byte[]? Before, int MaxSecrets) : Change
{
    /// <summary>True when there would be more than may be, or the row is not that any more. Set when the change was applied.</summary>
    public bool IsRefused { get; set; }
}

internal sealed record SecretDeleted(string Name) : Change
{
    /// <summary>False when there was none. Set when the change was applied.</summary>
    public bool Deleted { get; set; }
}

/// <summary>Reads the secrets that changed.</summary>
/// <param name="Known">Nonces of those that are known, by name.</param>
internal sealed record SecretsRead(IReadOnlyDictionary<string, byte[]> Known) : Change
{
    /// <summary>Those that are new or were set anew. Set when the change was applied, as all below.</summary>
    public List<SealedSecret> Changed { get; } = [];

    /// <summary>Names of all.</summary>
    public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

    public long Revision { get; set; }
}

/// <summary>Reads the keys of the server that are not sealed yet, as older programs stored them; each the newest first.</summary>
internal sealed record PlainKeysRead : Change
{
    /// <summary>Set when the change was applied.</summary>
    public List<byte[]> Callbacks { get; } = [];

    /// <inheritdoc cref="Callbacks"/>
    public List<byte[]> Endpoints { get; } = [];
}

/// <summary>Deletes such keys, which are sealed now; their bytes are written over.</summary>
/// <param name="Name">As in <see cref="Secrets.ServerKeys"/>.</param>
internal sealed record PlainKeysErased(string Name) : Change;

/// <summary>Notes that secrets are sealed with a key.</summary>
/// <param name="KeyId">Null to read only.</param>
/// <param name="OnlyFirst">True when it counts only if no other has been noted.</param>
internal sealed record SecretKeyNoted(string? KeyId, bool OnlyFirst, DateTimeOffset At) : Change
{
    /// <summary>Ids of the keys that are noted then, the oldest first. Set when the change was applied.</summary>
    public List<string> Ids { get; } = [];
}
