using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Triggers;

/// <summary>What came in, in one envelope with CloudEvents attribute names.</summary>
/// <remarks>
/// Scripts see <see cref="ToScope"/>: the envelope's attributes and <c>data</c>. The raw bytes are kept as they came (<see cref="Body"/>);
/// <c>data</c> follows from them and the content type, and is worked out when first asked for. All runs that an event starts share it, on several threads.
/// </remarks>
internal sealed class Event
{
    // Boxes, because a Json is more than one word: a reader must never see half of one.
    private volatile StrongBox<Json>? scope;
    private volatile StrongBox<Json>? data;

    /// <summary>Trigger of events about failed runs, and of those of called workflows.</summary>
    public const string OfFailure = "error", OfCall = "call";

    /// <summary>True for an event about a failed run, and for those of calls and of timers of keys that came of it.</summary>
    public bool IsAboutFailure => Trigger is OfFailure or OfCall or KeyTimer.StepTrigger or KeyTimer.SilenceTrigger && TextAt("event.aboutFailure") == "true";

    /// <summary>How many emitted events led to this one, also by calls, failures and timers of keys: what limits those that lead to one another.</summary>
    public int EmitDepth => int.TryParse(TextAt("event.emitDepth"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var depth) ? depth : 0;

    /// <summary>Ascending in accept order; outside <c>evt_…</c>.</summary>
    public required long Id { get; init; }

    /// <summary><c>webhook</c>, <c>mqtt</c>, <c>mqtt.client</c>, <c>schedule</c>, <c>manual</c>, <c>call</c> or <c>error</c>.</summary>
    public required string Trigger { get; init; }

    /// <summary>CloudEvents <c>type</c>, as <c>webhook.received</c>, <c>mqtt.message</c>, or what a CloudEvents sender gave.</summary>
    public required string Type { get; init; }

    /// <summary>CloudEvents <c>source</c>, as <c>/hooks/orders</c>, <c>mqtt://embedded/plants/p1/…</c>.</summary>
    public required string Source { get; init; }

    /// <summary>CloudEvents <c>subject</c>; for MQTT the topic name.</summary>
    public string? Subject { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>
    /// A JSON object with every attribute but <c>data</c>: <c>id</c>, <c>source</c>, <c>type</c>, <c>time</c>, <c>subject</c> and what the trigger adds
    /// (<c>params</c>, <c>headers</c>, <c>query</c>, <c>topic</c> …). Header values that authenticate the caller are masked in it.
    /// </summary>
    public required Json Attributes { get; init; }

    /// <summary>Media type with parameters as sent; null when none was.</summary>
    public string? ContentType { get; init; }

    /// <summary>The raw bytes received, 1 MiB at most by default.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The parsed body: JSON value, form object, XML as an object, text, or <c>{ "base64": … }</c>.</summary>
    public Json Data => (data ??= new StrongBox<Json>(EventData.Parse(ContentType, Body, Attributes))).Value;

    /// <summary>The text, number or truth value at a place, as a text of at most <see cref="WorkflowKey.MaximumBytes"/>; null where there is none.</summary>
    /// <param name="path">As <c>event.data.order.id</c>.</param>
    public string? TextAt(string path)
    {
        if (PlainPath.TryParse(path) is not { } place || !place.TryRead(this, Json.Null, Json.Null, out var value)) return null;
        var reader = new Utf8JsonReader(value);
        if (!reader.Read() || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.Null || value.Length > 6 * WorkflowKey.MaximumBytes) return null;
        var text = reader.TokenType is JsonTokenType.String ? JsonText.Of(ref reader) : Encoding.UTF8.GetString(reader.ValueSpan);
        return text is not null && Encoding.UTF8.GetByteCount(text) <= WorkflowKey.MaximumBytes ? text : null;
    }

    /// <summary>The <c>event</c> that expressions and scripts see: the attributes and <c>data</c>.</summary>
    public Json ToScope()
    {
        if (scope is { } known) return known.Value;
        var attributes = Attributes.Utf8.Span;
        var buffer = new ArrayBufferWriter<byte>(attributes.Length + Data.Utf8.Length + 16);
        buffer.Write(attributes[..^1]);
        buffer.Write(attributes.Length > 2 ? ",\"data\":"u8 : "\"data\":"u8);
        buffer.Write(Data.Utf8.Span);
        buffer.Write("}"u8);
        return (scope = new StrongBox<Json>(new Json(buffer.WrittenMemory))).Value;
    }
}
