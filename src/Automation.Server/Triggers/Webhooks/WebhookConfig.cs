using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Steps;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>A webhook trigger in a workflow file.</summary>
internal sealed record WebhookConfig(
    [property: Description("Path below /hooks, as \"/orders/{id}\"; {name} takes one segment, a last {name*} takes the rest."), Required] string Path,
    [property: Description("HTTP methods taken: GET, POST, PUT, PATCH, DELETE, or ANY for all of them. [\"POST\"] by default.")] IReadOnlyList<string>? Methods = null,
    [property: Description("How a sender proves who it is; without it anyone may call.")] VerifyConfig? Verify = null,
    [property: Description("\"accepted\": 202 as soon as the event is stored. \"result\": wait for the run and answer with its respond step or its output.")]
    RespondWith Respond = RespondWith.Accepted,
    [property: Description("With \"respond\": \"result\": how long the caller waits, 5m at most; 30s by default. The run goes on after it."), Range(typeof(TimeSpan), "00:00:00.001", WebhookConfig.LongestTimeout)]
    Duration? Timeout = null,
    [property: Description("Media types taken, as \"application/json\" or \"text/*\"; all by default.")] IReadOnlyList<string>? Accepts = null,
    [property: Description("Largest body, 64MB at most; 1MB by default."), Range(typeof(long), "1", WebhookConfig.LargestMaxBody)] ByteSize? MaxBody = null,
    [property: Description("What the sender asks before it sends, beyond what its \"verify\" scheme answers: \"cloudevents\" (OPTIONS, and Event Grid's validation event) or \"challenge\" (GET ?challenge=…, echoed).")]
    WebhookHandshake? Handshake = null,
    [property: Description("Addresses that may call: addresses, networks as \"203.0.113.0/24\", or known ranges, as \"github\"; all by default.")] IReadOnlyList<string>? Allow = null,
    [property: Description("How many requests may come; beyond, senders get 429.")] WebhookRates? RateLimit = null,
    [property: Literal, Description("JSON Schema (draft 2020-12) of the event's data; what does not fit gets 400 and is not stored.")] Json? Schema = null)
{
    /// <summary>A body is kept in memory and in the journal as a whole.</summary>
    public const string LargestMaxBody = "67108864";

    /// <summary>Proxies and senders give up long before.</summary>
    public const string LongestTimeout = "00:05:00";

    public static readonly ByteSize DefaultMaxBody = new(1 << 20);

    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);
}

/// <summary>How many requests a trigger takes.</summary>
internal sealed record WebhookRates(
    [property: Description("From one address, as \"60/1m\".")] Rate? PerSource = null,
    [property: Description("From all together, as \"1000/1s\".")] Rate? PerPath = null);

/// <summary>What the caller of a webhook is answered with.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RespondWith>))]
internal enum RespondWith
{
    [JsonStringEnumMemberName("accepted")]
    Accepted,
    [JsonStringEnumMemberName("result")]
    Result,
}

/// <summary>Handshakes that belong to no verification scheme.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WebhookHandshake>))]
internal enum WebhookHandshake
{
    [JsonStringEnumMemberName("cloudevents")]
    CloudEvents,
    [JsonStringEnumMemberName("challenge")]
    Challenge,
}
