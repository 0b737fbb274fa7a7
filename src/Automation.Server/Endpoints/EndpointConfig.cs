using System.ComponentModel;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>What the bodies of an endpoint's deliveries look like.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndpointFormat>))]
internal enum EndpointFormat
{
    /// <summary><c>{ "type", "timestamp", "data" }</c>, as Standard Webhooks recommends.</summary>
    [JsonStringEnumMemberName("plain")]
    Plain,

    /// <summary>A CloudEvent 1.0 in JSON.</summary>
    [JsonStringEnumMemberName("cloudevents")]
    CloudEvents,

    /// <summary>The data as the body, the CloudEvent's attributes as headers.</summary>
    [JsonStringEnumMemberName("cloudevents-binary")]
    CloudEventsBinary,
}

/// <summary>How an endpoint's deliveries are signed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EndpointSigning>))]
internal enum EndpointSigning
{
    [JsonStringEnumMemberName("standard-webhooks")]
    StandardWebhooks,

    /// <summary>Standard Webhooks with Ed25519.</summary>
    [JsonStringEnumMemberName("standard-webhooks-v1a")]
    StandardWebhooksV1A,

    [JsonStringEnumMemberName("github")]
    GitHub,

    [JsonStringEnumMemberName("hmac")]
    Hmac,

    [JsonStringEnumMemberName("none")]
    None,
}

[JsonConverter(typeof(JsonStringEnumConverter<EndpointOrder>))]
internal enum EndpointOrder
{
    [JsonStringEnumMemberName("unordered")]
    Unordered,

    /// <summary>One at a time for each key of the events.</summary>
    [JsonStringEnumMemberName("strict")]
    Strict,
}

/// <summary>An endpoint as the API and files in <c>endpoints/</c> describe it.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed partial record EndpointConfig(
    [property: Description("Absolute http(s) address. May hold ${secret.NAME}.")] string Url,
    [property: Description("Event types: names, order.* for all that begin so, * for all.")] IReadOnlyList<string> Events,
    [property: Description("For people.")] string? Description = null,
    [property: Description("Further request headers. May hold ${secret.NAME}.")] IReadOnlyDictionary<string, string>? Headers = null,
    [property: Description("How deliveries are signed.")] EndpointSigning Signing = EndpointSigning.StandardWebhooks,
    [property: Description("With hmac: the header that holds the signature, in hexadecimal.")] string? SignatureHeader = null,
    [property: Description("Names of secrets of the server to sign with, the first the newest; two while one is replaced. Left out: the server makes one.")] IReadOnlyList<string>? Secrets = null,
    [property: Description("What bodies look like.")] EndpointFormat Format = EndpointFormat.Plain,
    [property: Description("unordered, or strict: events with the same key one at a time, in order.")] EndpointOrder Order = EndpointOrder.Unordered,
    [property: Description("Deliveries in a second; left out: the server's limit.")] double? RatePerSecond = null,
    [property: Description("A JavaScript expression over event; events for which it is not true are left out.")] string? Filter = null,
    [property: Description("The body of a JavaScript function of event that returns what is sent in place of the event.")] string? Transform = null,
    [property: Description("The pause before each attempt, as [\"0s\", \"5s\", \"5m\"]; left out: the server's.")] IReadOnlyList<Duration>? Schedule = null,
    [property: Description("Limit of one attempt; left out: the server's.")] Duration? Timeout = null)
{
    /// <summary>At the end of the name of a header with the signature by the secret that is about to go.</summary>
    public const string Previous = "-Previous";

    public const int MostEvents = 100, MostHeaders = 20, LongestScript = 64 << 10;

    /// <summary>Strict: what is misspelt is an error.</summary>
    public static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        AllowTrailingCommas = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public static bool IsId(string text) => Id().IsMatch(text);

    /// <summary>What is wrong, each with its JSON pointer; empty when nothing is.</summary>
    /// <param name="hasSecret">Whether this server has a secret of that name.</param>
    public IEnumerable<(string Pointer, string Message)> Problems(Func<string, bool> hasSecret)
    {
        if (!SecretTemplate.MayHold(Url) && AddressProblem() is { } address) yield return ("/url", address);
        if (Events.Count is 0 or > MostEvents) yield return ("/events", $"Name 1 to {MostEvents} event types.");
        for (var i = 0; i < Events.Count; i++)
        {
            if (Events[i] is null || !EventTypes.IsPattern(Events[i])) yield return ($"/events/{i}", $"\"{Events[i]}\" is no event type: write {EventTypes.Expected}, or \"order.*\" or \"*\".");
        }

        if (Headers?.Count > MostHeaders) yield return ("/headers", $"An endpoint has {MostHeaders} headers at most.");
        foreach (var (name, value) in Headers ?? new Dictionary<string, string>())
        {
            var pointer = "/headers/" + name;
            if (OutboundRequest.NameProblem(name) is { } problem) yield return (pointer, problem);
            if (SigningHeader is { } own && (name.Equals(own, StringComparison.OrdinalIgnoreCase) || name.Equals(own + Previous, StringComparison.OrdinalIgnoreCase))) yield return (pointer, $"The header {name} holds the signature; leave it out.");
            if (value is null) yield return (pointer, "Write a text, or leave the header out.");
            else if (value.Any(c => char.IsControl(c) && c != '\t')) yield return (pointer, "A header's value holds no line break and no other control character.");
            else if (SecretTemplate.Names(value).Where(secret => !hasSecret(secret)).ToList() is [var missing, ..]) yield return (pointer, $"There is no secret \"{missing}\" on this server.");
        }

        if (SecretTemplate.Names(Url).Where(secret => !hasSecret(secret)).ToList() is [var unknown, ..]) yield return ("/url", $"There is no secret \"{unknown}\" on this server.");

        if ((Signing is EndpointSigning.Hmac) != SignatureHeader is not null) yield return ("/signatureHeader", "\"signatureHeader\" goes with \"signing\": \"hmac\", and that needs it.");
        if (SignatureHeader is not null && OutboundRequest.NameProblem(SignatureHeader) is { } wrong) yield return ("/signatureHeader", wrong);
        if (Secrets is { } secrets)
        {
            if (Signing is EndpointSigning.None) yield return ("/secrets", "Without a signature there is nothing to sign with; remove \"secrets\".");
            if (secrets.Count is 0 or > 2) yield return ("/secrets", "Name one secret, or two while one is replaced.");
            for (var i = 0; i < secrets.Count; i++)
            {
                if (!SecretStore.IsName(secrets[i]) || !hasSecret(secrets[i])) yield return ($"/secrets/{i}", $"There is no secret \"{secrets[i]}\" on this server.");
            }
        }

        if (RatePerSecond is { } rate && rate is not (>= 0.01 and <= 10_000)) yield return ("/ratePerSecond", "Write a number between 0.01 and 10000.");
        if (Filter?.Length > LongestScript || Filter is { Length: 0 }) yield return ("/filter", "Write an expression, or leave it out.");
        if (Transform?.Length > LongestScript || Transform is { Length: 0 }) yield return ("/transform", "Write the body of a function, or leave it out.");
        if (Schedule is not null && RetrySchedule.Problem([.. Schedule.Select(pause => pause.Value)]) is { } pauses) yield return ("/schedule", pauses);
        if (Timeout is { } timeout && (timeout.Value < TimeSpan.FromMilliseconds(100) || timeout.Value > TimeSpan.FromMinutes(5))) yield return ("/timeout", "Write a time between 100ms and 5m.");
    }

    /// <summary>Why the address cannot be called, where it is written as a number; names are resolved, and judged, for each call.</summary>
    public string? BlockedAddress(AddressFilter filter) =>
        Uri.TryCreate(Url, UriKind.Absolute, out var address) && IPAddress.TryParse(address.Host.Trim('[', ']'), out var number) && !filter.Permits(number, out var kind)
            ? $"{address.Host} is {kind}, and such addresses are not called; --allow-private {number} would permit it."
            : null;

    /// <summary>Filter and transform, as the sandbox runs them; null when there are none.</summary>
    /// <param name="name">Unique for this content.</param>
    public SandboxProgram? Program(string name)
    {
        if (Filter is null && Transform is null) return null;
        var units = new List<SandboxUnit>();
        if (Filter is not null) units.Add(new ExpressionUnit("filter", [new SandboxExpression("/filter", Filter)]));
        if (Transform is not null) units.Add(new FunctionUnit("transform", "/transform", Transform));
        return new SandboxProgram(name, [.. units]);
    }

    /// <summary>Where the signature goes; null for none, and for Standard Webhooks, whose headers nobody may set anyway.</summary>
    private string? SigningHeader => Signing switch
    {
        EndpointSigning.GitHub => "X-Hub-Signature-256",
        EndpointSigning.Hmac => SignatureHeader,
        _ => null,
    };

    private string? AddressProblem()
    {
        try
        {
            OutboundRequest.Address(Url);
            return null;
        }
        catch (OutboundException error)
        {
            return error.Message;
        }
    }

    [GeneratedRegex(@"^[a-z0-9][a-z0-9_-]{0,63}\z")]
    private static partial Regex Id();
}
