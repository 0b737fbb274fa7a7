using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Text;
using System.Text.Json.Serialization;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>A delivery's state as people see it; <c>sending</c> is a pending or retrying one that a server holds.</summary>
internal enum ShownDeliveryState
{
    Pending,
    Sending,
    Retrying,
    Succeeded,
    Dead,
}

/// <summary>A delivery in a list.</summary>
internal record DeliverySummary
{
    public static readonly Expression<Func<DeliveryRow, DeliverySummary>> FromRow = d => new DeliverySummary
    {
        Id = PublicId.Format(PublicId.Delivery, d.Id),
        RunId = d.RunId == 0 ? null : PublicId.Format(PublicId.Run, d.RunId),
        Workflow = d.WorkflowId,
        Step = d.StepId,
        Destination = d.Destination,
        State = StateOf(d.State, d.Owner),
        AttemptsMade = d.Attempts,
        MaxAttempts = d.MaxAttempts,
        CreatedAt = d.CreatedAt,
        Endpoint = d.EndpointId,
        NextAttemptAt = d.NextAttemptAt == Delivery.Blocked || d.NextAttemptAt == Delivery.Paused ? null : d.NextAttemptAt,
        OrderKey = d.OrderKey,
        IsBlocked = d.NextAttemptAt == Delivery.Blocked,
        EndedAt = d.EndedAt,
        LastStatus = d.Tries.Where(a => a.Number == d.Attempts).Select(a => a.Status).SingleOrDefault(),
        LastError = d.Tries.Where(a => a.Number == d.Attempts).Select(a => a.Error).SingleOrDefault(),
    };

    private static readonly Func<DeliveryRow, DeliverySummary> Compiled = FromRow.Compile();

    public required string Id { get; init; }

    [Description("Null for what did not come of a run.")]
    public required string? RunId { get; init; }

    [Description("The endpoint it goes to; null for none.")]
    public required string? Endpoint { get; init; }

    public required string Workflow { get; init; }

    [Description("The step that queued it.")]
    public required string Step { get; init; }

    [Description("The receiver's origin, or ${secret.NAME} where a secret holds it.")]
    public required string Destination { get; init; }

    public required ShownDeliveryState State { get; init; }

    public required int AttemptsMade { get; init; }

    [Description("Attempts after which it is dead; grows when it is replayed.")]
    public required int MaxAttempts { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    [Description("When it is tried next, or was due; null once it ended, and while it is blocked or its endpoint is paused or disabled.")]
    public required DateTimeOffset? NextAttemptAt { get; init; }

    public required DateTimeOffset? EndedAt { get; init; }

    [Description("Those to one destination with the same key are made one at a time, in order; null for no order.")]
    public required string? OrderKey { get; init; }

    [Description("True while it waits for an earlier delivery of its order key.")]
    public required bool IsBlocked { get; init; }

    [Description("HTTP status of the last attempt; null when there was no answer.")]
    public required int? LastStatus { get; init; }

    [Description("Why the last attempt failed, as receiver_timed_out; null when it did not.")]
    public required string? LastError { get; init; }

    /// <param name="row">With its <see cref="DeliveryRow.Tries"/>.</param>
    public static DeliverySummary Of(DeliveryRow row) => Compiled(row);

    /// <summary>The state as people see it.</summary>
    public static ShownDeliveryState StateOf(string state, long? owner) =>
        state is DeliveryState.Pending or DeliveryState.Retrying && owner is not null ? ShownDeliveryState.Sending : Enum.Parse<ShownDeliveryState>(state, true);
}

/// <summary>A delivery with its request and each attempt.</summary>
[method: SetsRequiredMembers]
internal sealed record DeliveryDetails(
    DeliverySummary Summary,
    [property: Description("Sent with each attempt; the same after a crash, a retry and a replay.")] string IdempotencyKey,
    DeliveryRequestView Request,
    IReadOnlyList<Attempt> Attempts) : DeliverySummary(Summary)
{
    [JsonIgnore]
    public DeliverySummary Summary { get; } = Summary;
}

/// <summary>What a delivery sends, secrets as •••.</summary>
internal sealed record DeliveryRequestView(
    string Url,
    string Method,
    IReadOnlyDictionary<string, string> Headers,
    string? ContentType,
    [property: Description("Name of the secret that signs it; null for none.")] string? SigningSecret,
    [property: Description("Of one attempt.")] double TimeoutSeconds,
    int BodyBytes,
    [property: Description("The body where it is text; else null.")] string? BodyText,
    [property: Description("The body where it is not text; else null.")] byte[]? BodyBase64)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static DeliveryRequestView Of(DeliveryRow row)
    {
        var request = StoredRequest.Read(Encoding.UTF8.GetBytes(row.Request), row.Body);
        var text = TextOf(row.Body);
        return new DeliveryRequestView(
            request.Url.ToString(),
            request.Method,
            request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()),
            request.ContentType,
            request.SigningSecret,
            request.Timeout.TotalSeconds,
            row.Body.Length,
            text is null ? null : SecretTemplate.Mask(text),
            text is null ? row.Body : null);
    }

    private static string? TextOf(byte[] body)
    {
        try
        {
            return StrictUtf8.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
