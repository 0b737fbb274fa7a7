namespace Automation.Server.Secrets;

/// <summary>Where secrets come from, beside environment variables. Section <c>Secrets</c>.</summary>
internal sealed class SecretsOptions
{
    public const string Section = "Secrets";

    /// <summary>A folder with one file a secret: the file's name is the secret's name, its text the value (Docker and Kubernetes mount secrets so). Null for none.</summary>
    public string? Folder { get; set; }

    /// <summary>Used when <see cref="Folder"/> is not set; need not exist. The server sets it to <c>secrets</c> in its data folder.</summary>
    internal string? DefaultFolder { get; set; }

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (!string.IsNullOrEmpty(Folder) && !Directory.Exists(Folder)) yield return $"Secrets:Folder: there is no folder \"{Folder}\".";
    }
}
