using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>Writes the parts of a run that expressions see beside the event and the input.</summary>
internal static class ScopeJson
{
    /// <summary><c>{ step: { outcome, output } }</c></summary>
    public static Json Steps(IReadOnlyDictionary<string, StepOutput> outputs)
    {
        if (outputs.Count == 0) return Json.Parse("{}");
        return Write(writer =>
        {
            foreach (var (step, output) in outputs)
            {
                writer.WriteStartObject(step);
                writer.WriteString("outcome"u8, output.Outcome);
                writer.WritePropertyName("output"u8);
                writer.WriteRawValue(output.Output.Utf8.Span, skipInputValidation: true);
                writer.WriteEndObject();
            }
        });
    }

    /// <summary><c>{ id, workflow, version, startedAt, key?, callbacks? }</c></summary>
    public static Json Run(RunWork work, DateTimeOffset startedAt, IEnumerable<(string Step, string Url)> callbacks) => Write(writer =>
    {
        writer.WriteString("id"u8, PublicId.Format(PublicId.Run, work.RunId));
        writer.WriteString("workflow"u8, work.Version.WorkflowId);
        writer.WriteString("version"u8, work.Version.Hash);
        writer.WriteString("startedAt"u8, startedAt.UtcDateTime);
        if (work.Key is { } key) writer.WriteString("key"u8, key);
        if (work.Version.Callbacks.Count == 0) return;
        writer.WriteStartObject("callbacks"u8);
        foreach (var (step, url) in callbacks) writer.WriteString(step, url);
        writer.WriteEndObject();
    });

    /// <summary>The members of both objects; where both have one, that of <paramref name="later"/>.</summary>
    public static Json Merge(Json earlier, Json later)
    {
        using var first = earlier.ToDocument();
        using var second = later.ToDocument();
        return Write(writer =>
        {
            foreach (var member in first.RootElement.EnumerateObject())
            {
                if (!second.RootElement.TryGetProperty(member.Name, out _)) WriteMember(writer, member);
            }

            foreach (var member in second.RootElement.EnumerateObject()) WriteMember(writer, member);
        });
    }

    // As it is written: decoding the value would fail at an escape that is half of a character.
    private static void WriteMember(Utf8JsonWriter writer, JsonProperty member)
    {
        writer.WritePropertyName(member.Name);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(member.Value), skipInputValidation: true);
    }

    private static Json Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
        writer.Flush();
        return new Json(buffer.WrittenMemory);
    }
}
