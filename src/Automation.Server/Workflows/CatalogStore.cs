namespace Automation.Server.Workflows;

/// <summary>What brings a version about; stored as it is.</summary>
internal static class ActivationCause
{
    /// <summary>The server started, and the files were others than when it stopped.</summary>
    public const string Start = "start";

    public const string File = "file";

    /// <summary>An operator chose an older version.</summary>
    public const string Rollback = "rollback";

    /// <summary>An operator ended a roll back.</summary>
    public const string Unpinned = "unpinned";
}

/// <summary>A version is to become the active one.</summary>
/// <param name="Version">Which.</param>
/// <param name="Files">The workflow's files at the last look, whether it is made of them or not.</param>
/// <param name="Cause">One of <see cref="ActivationCause"/>.</param>
internal sealed record Activation(WorkflowVersion Version, FileState Files, string Cause);

/// <summary>A version that an operator chose: it stays the active one until the files are in another state than when it was chosen.</summary>
/// <param name="Hash">Of the version.</param>
/// <param name="Files">Hash of that state.</param>
/// <param name="Since">When it was chosen.</param>
internal sealed record Pin(string Hash, string Files, DateTimeOffset Since);

/// <summary>What the catalogue of workflows keeps durably.</summary>
internal sealed record CatalogStore
{
    /// <summary>Stores a version and makes it the active one. By start or file that does not happen where the workflow is pinned at this state of its files, or has been pinned since they came into it: then it returns the pin.</summary>
    public required Func<Activation, CancellationToken, Task<Pin?>> Activate { get; init; }

    /// <summary>Says of which workflows the folder has files, whatever is in them. False when that could not be stored.</summary>
    public required Func<IReadOnlyCollection<string>, CancellationToken, Task<bool>> Look { get; init; }

    /// <summary>The source of the version that is active by what is stored; null when there is none.</summary>
    public required Func<string, CancellationToken, Task<VersionSource?>> LastGood { get; init; }

    /// <summary>By workflow id, whichever server set them; null when that cannot be said now.</summary>
    public required Func<CancellationToken, Task<IReadOnlyDictionary<string, Pin>?>> Pins { get; init; }
}
