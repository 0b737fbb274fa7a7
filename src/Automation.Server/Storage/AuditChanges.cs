using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>One thing that somebody did, or tried.</summary>
/// <param name="Actor">As <c>user:anna</c>.</param>
/// <param name="Action">The operation's name in the API, or <c>signIn</c>, <c>signOut</c>, <c>setUp</c>.</param>
/// <param name="Target">What it was done to; empty for nothing in particular.</param>
/// <param name="Status">What the answer was, as an HTTP status.</param>
/// <param name="Detail">A JSON object with what it was before and after, as far as that is no secret; null for nothing.</param>
internal sealed record AuditEntry(DateTimeOffset At, string Actor, string? Address, string Action, string Target, int Status, string? Detail)
{
    /// <summary>SHA-256 over the hash of the entry before and this one.</summary>
    public byte[] HashAfter(long id, byte[] before)
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(before);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteNumberValue(id);
            json.WriteNumberValue(At.ToUnixTimeMilliseconds());
            foreach (var text in new[] { Actor, Address, Action, Target }) json.WriteStringValue(text);
            json.WriteNumberValue(Status);
            json.WriteStringValue(Detail);
            json.WriteEndArray();
        }

        return SHA256.HashData(buffer.WrittenSpan);
    }
}

/// <summary>Adds to the audit log.</summary>
internal sealed record AuditNoted(AuditEntry Entry) : Change;

/// <summary>Deletes entries from before a time, the oldest first, and notes that.</summary>
internal sealed record AuditPruned(DateTimeOffset Before, DateTimeOffset Now, int Limit) : Change
{
    /// <summary>How many; set when the change was applied.</summary>
    public int Deleted { get; set; }
}
