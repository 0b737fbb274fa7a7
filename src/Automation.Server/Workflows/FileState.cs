using System.Security.Cryptography;
using System.Text;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>A workflow's files as they were on disk at a look.</summary>
/// <param name="Hash">SHA-256 of the workflow file and its scripts byte for byte, lower-case hex, first 16 characters. Spaces count: two states may make one version.</param>
/// <param name="Commit">What is checked out in the git work tree around the folder, see <see cref="GitCommit"/>; the files may have been edited since.</param>
internal sealed record FileState(string Hash, string? Commit)
{
    /// <param name="file">Bytes of the workflow file.</param>
    /// <param name="scripts">Script files by path as written; one that cannot be read counts as what is wrong with it.</param>
    /// <param name="commit">As <see cref="Commit"/>.</param>
    public static FileState Of(ReadOnlyMemory<byte> file, IReadOnlyDictionary<string, ScriptFile> scripts, string? commit)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }

        Add(file.Span);
        foreach (var (path, script) in scripts.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            Add(Encoding.UTF8.GetBytes(path));
            Add(Encoding.UTF8.GetBytes(script.Text ?? script.Problem!));
        }

        return new FileState(Convert.ToHexStringLower(hash.GetHashAndReset())[..16], commit);
    }
}
