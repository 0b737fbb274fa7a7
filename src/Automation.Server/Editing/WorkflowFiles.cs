using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Workflows;
using Automation.Server.Workflows.TestCases;

namespace Automation.Server.Editing;

/// <summary>The files of one workflow as they are on disk: its own, those that a designer keeps beside it, and the scripts and schemas it names.</summary>
/// <param name="WorkflowId">Whose.</param>
/// <param name="Texts">Path below the workflows folder → text, those that are there.</param>
/// <param name="Hidden">Path → why its text is not shown though the file is there.</param>
internal sealed record WorkflowFiles(string WorkflowId, IReadOnlyDictionary<string, string> Texts, IReadOnlyDictionary<string, HiddenFile> Hidden)
{
    /// <summary>Changes whenever one of the files does: 32 hex digits of a SHA-256 over names and texts, and over how the hidden ones look from outside.</summary>
    public string Base { get; } = HashOf(Texts, Hidden);

    public static string NameOf(string workflowId) => workflowId + ".json";

    /// <summary>Positions on the canvas; never needed.</summary>
    public static string LayoutOf(string workflowId) => workflowId + ".layout.json";

    public static string TestsOf(string workflowId) => workflowId + TestCaseFile.Ending;

    private static string HashOf(IReadOnlyDictionary<string, string> texts, IReadOnlyDictionary<string, HiddenFile> hidden)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, text) in texts.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            Append(name);
            Append(text);
        }

        foreach (var (name, file) in hidden.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            Append(name);
            Append(file.ToString());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));

        void Append(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
    }
}

/// <summary>A file whose text is not shown, and which is therefore not written either.</summary>
/// <param name="Reason">A sentence that says why, and what to do.</param>
/// <param name="Stamp">How it looks from outside.</param>
internal sealed record HiddenFile(string Reason, FileStamp? Stamp);
