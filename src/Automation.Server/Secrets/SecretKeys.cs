using System.Security.Cryptography;
using System.Text;
using Automation.Server.Hosting;
using Automation.Server.Storage.Backups;

namespace Automation.Server.Secrets;

/// <summary>A key that seals secrets.</summary>
/// <param name="Id">Made of the key, so that a wrong one is told at once: the first six bytes of SHA-256 of a label and the key, in hex.</param>
/// <param name="Value">32 bytes.</param>
internal sealed record SecretKey(string Id, byte[] Value)
{
    public const int Bytes = 32;

    public static SecretKey Of(byte[] value) => new(Convert.ToHexStringLower(SHA256.HashData([.. "automation secret key\n"u8, .. value])[..6]), value);

    public override string ToString() => Id;
}

/// <summary>The keys of this server: the first seals, all open. From the environment, else from a file of the data folder that only its owner may read.</summary>
/// <remarks>The file has a key a line in base64; lines that begin with <c>#</c> are skipped. In the environment they are separated by commas.</remarks>
internal sealed class SecretKeys
{
    public const string Variable = "AUTOMATION_SECRETS_KEY", FileName = "secrets.key";

    private readonly string? configured;
    private volatile SecretKey[] all = [];

    /// <exception cref="StartupException">A key cannot be read; the message names where it is, and not the key.</exception>
    public SecretKeys(string? configured, string dataFolder)
    {
        this.configured = string.IsNullOrEmpty(configured) ? null : configured;
        File = Path.Combine(dataFolder, FileName);
        Load();
    }

    /// <summary>Where the keys are, or would be, when they are not in the environment.</summary>
    public string File { get; }

    public bool IsConfigured => configured is not null;

    /// <summary>The one that seals; null when there is none.</summary>
    public SecretKey? Current => all.Length > 0 ? all[0] : null;

    public SecretKey? Find(string id) => Array.Find(all, key => key.Id == id);

    /// <summary>Reads the file again.</summary>
    /// <exception cref="StartupException">As at the start.</exception>
    public void Load() => all = configured is not null
        ? Parse(configured.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), Variable)
        : System.IO.File.Exists(File) ? Parse(System.IO.File.ReadAllLines(File).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'), File) : [];

    /// <summary>Puts a new key before those of the file, which is made when it is missing (mode 600).</summary>
    public SecretKey Add()
    {
        var key = SecretKey.Of(RandomNumberGenerator.GetBytes(SecretKey.Bytes));
        var lines = System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File) : "# Opens the secrets in the database. Not part of backups: keep a copy elsewhere.\n";
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        var beside = File + ".new";
        System.IO.File.Delete(beside);
        using (var stream = new FileStream(beside, DiskSync.OwnerOnly(FileMode.CreateNew)))
        {
            stream.Write(Encoding.UTF8.GetBytes(Convert.ToBase64String(key.Value) + "\n" + lines));
            stream.Flush(flushToDisk: true);
        }

        System.IO.File.Move(beside, File, overwrite: true); // whole or not at all
        DiskSync.Folder(Path.GetDirectoryName(File)!);
        Load();
        return key;
    }

    /// <summary>Takes back the first <see cref="Add"/> of a file: another server was faster.</summary>
    public void Discard()
    {
        System.IO.File.Delete(File);
        Load();
    }

    /// <summary>True when others on this machine may read the file.</summary>
    public bool IsReadableByOthers() =>
        configured is null && System.IO.File.Exists(File) && !OperatingSystem.IsWindows() && (System.IO.File.GetUnixFileMode(File) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    private static SecretKey[] Parse(IEnumerable<string> texts, string where)
    {
        var keys = new List<SecretKey>();
        foreach (var text in texts)
        {
            var bytes = new byte[SecretKey.Bytes + 2];
            if (!Convert.TryFromBase64String(text, bytes, out var length) || length != SecretKey.Bytes)
                throw new StartupException($"{where}: key number {keys.Count + 1} is not {SecretKey.Bytes} bytes in base64. \"openssl rand -base64 {SecretKey.Bytes}\" makes one.");
            keys.Add(SecretKey.Of(bytes[..length]));
        }

        return [.. keys];
    }
}
