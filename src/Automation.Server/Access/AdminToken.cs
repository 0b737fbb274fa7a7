using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Hosting;

namespace Automation.Server.Access;

/// <summary>The one token that opens the API.</summary>
internal sealed class AdminToken
{
    public const string Variable = "AUTOMATION_ADMIN_TOKEN", FileName = "admin-token";
    private const int ShortestConfigured = 16;

    private readonly byte[] hash;

    private AdminToken(string value, string? file)
    {
        Value = value;
        File = file;
        hash = SHA256.HashData(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>For the link that the command line prints; never logged.</summary>
    public string Value { get; }

    /// <summary>The file that holds it; null when it was configured.</summary>
    public string? File { get; }

    /// <summary>Takes the configured token, else the one in the data folder's file, else makes that file (mode 600, 32 random bytes as base64url).</summary>
    /// <exception cref="StartupException">The configured token is too short, or the file is empty.</exception>
    public static AdminToken Load(string? configured, string dataFolder)
    {
        if (!string.IsNullOrEmpty(configured))
        {
            return configured.Length >= ShortestConfigured ? new AdminToken(configured, null) : throw new StartupException($"{Variable} has to have {ShortestConfigured} characters or more.");
        }

        var file = Path.Combine(dataFolder, FileName);
        if (!System.IO.File.Exists(file)) Create(file);
        var value = System.IO.File.ReadAllText(file).Trim();
        return value.Length >= ShortestConfigured ? new AdminToken(value, file) : throw new StartupException($"{file} holds no token. Delete it to have a new one made.");
    }

    /// <summary>Compares without telling by time how much of it is right.</summary>
    public bool IsToken(string candidate) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(candidate)), hash);

    /// <summary>A keyed hash of a text that only who has the token can make.</summary>
    public string Sign(string text) => Base64Url.EncodeToString(HMACSHA256.HashData(hash, Encoding.UTF8.GetBytes(text)));

    /// <summary>True when others on this machine may read the file.</summary>
    public bool IsReadableByOthers() =>
        File is not null && !OperatingSystem.IsWindows() && (System.IO.File.GetUnixFileMode(File) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    /// <summary>Written beside and then renamed, so that a crash leaves no half a token.</summary>
    private static void Create(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var beside = file + ".new";
        System.IO.File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(beside, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) + "\n"));
            stream.Flush(flushToDisk: true);
        }

        System.IO.File.Move(beside, file, overwrite: false);
    }
}
