using System.Globalization;
using Automation.Server.Secrets;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Deliveries;

/// <summary>An attempt and what it makes of its delivery.</summary>
/// <param name="Attempt">For the journal.</param>
/// <param name="State"><see cref="DeliveryState.Succeeded"/>, <see cref="DeliveryState.Retrying"/> or <see cref="DeliveryState.Dead"/>.</param>
/// <param name="NextAttemptAt">Only with <see cref="DeliveryState.Retrying"/>.</param>
/// <param name="Health">What it told of the destination.</param>
/// <param name="RetryAfter">What the receiver asked for; null when nothing.</param>
internal readonly record struct SendResult(Attempt Attempt, string State, DateTimeOffset? NextAttemptAt, DestinationHealth Health = DestinationHealth.Well, TimeSpan? RetryAfter = null)
{
    /// <summary>No attempt was made, as the endpoint is paused or disabled: the delivery is to be given back.</summary>
    public static SendResult Unsent => default;

    public bool IsUnsent => Attempt is null;
}

/// <summary>Makes one attempt of a delivery: fills in the secrets, signs, sends, and judges the answer.</summary>
/// <remarks>
/// 2xx: succeeded. 410, and requests that can never be sent: dead at once. Anything else, redirects and other 4xx included, is tried again until the
/// delivery's attempts are used up (Standard Webhooks). Neither the attempt nor any exception holds a secret's value.
/// </remarks>
internal sealed class DeliverySender(OutboundHttp http, SecretStore secrets, RetrySchedule schedule, TimeProvider time, ILogger<DeliverySender> log, FindDeliveryTarget? targets = null)
{
    // Once the status is known the answer's body is only for people to read: a body that drips holds up the destination no longer than this.
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(2);

    private static readonly IReadOnlyDictionary<string, SecretText> NoHeaders = new Dictionary<string, SecretText>();

    private readonly AttemptTimers timers = new(time);

    /// <exception cref="OperationCanceledException">Only by <paramref name="cancellation"/>; whether the receiver got the request is not known then.</exception>
    public async ValueTask<SendResult> SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        var startedAt = time.GetUtcNow();
        var start = time.GetTimestamp();
        var filling = new SecretFilling(secrets);
        int? status = null;
        string? head = null, requestHead = null;
        var connection = new ConnectionTiming(time);
        TimeSpan? retryAfter = null;
        OutboundFailure? failure = null;
        long? ended = null;
        var timer = timers.Start(delivery.Request.Timeout);
        // Joined by a registration, not a linked source: one allocation less in the path of every delivery.
        var joined = cancellation.UnsafeRegister(static timer => ((CancellationTokenSource)timer!).Cancel(), timer);
        try
        {
            var target = await TargetAsync(delivery.Request);
            if (target is { IsActive: false }) return SendResult.Unsent;
            using var request = Build(delivery, target, startedAt, filling);
            connection.NoteOn(request);
            requestHead = RequestHead.Read(request, filling.Redactor);
            using var response = await http.SendAsync(request, timer.Token);
            ended = time.GetTimestamp();
            status = (int)response.StatusCode;
            if (!response.IsSuccessStatusCode)
            {
                failure = OutboundErrors.OfStatus(status.Value, response.Headers.Location);
                retryAfter = RetrySchedule.RetryAfter(response.Headers, time.GetUtcNow());
            }

            var rest = delivery.Request.Timeout - time.GetElapsedTime(start);
            timer.CancelAfter(rest > BodyPatience ? BodyPatience : rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
            head = await ResponseHead.ReadAsync(response, filling.Redactor, timer.Token);
            // The status decides, also where the stop came while the body was read.
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested || error is not OperationCanceledException)
        {
            failure = OutboundErrors.Sort(error, timer.IsCancellationRequested ? delivery.Request.Timeout : null) ?? Defect(delivery, error);
        }
        finally
        {
            await joined.DisposeAsync();
            timers.Return(timer);
        }

        var total = time.GetTimestamp();
        var duration = Milliseconds(time.GetElapsedTime(start, ended ?? total));
        var timing = new AttemptTiming(
            connection.Dns is { } dns ? Milliseconds(dns) : null,
            connection.Connect is { } connect ? Milliseconds(connect) : null,
            connection.Tls is { } tls ? Milliseconds(tls) : null,
            ended is null ? null : duration,
            Milliseconds(time.GetElapsedTime(start, total)));
        var message = failure is null ? null : filling.Redactor?.Mask(failure.Message) ?? failure.Message;
        var attempt = new Attempt(delivery.Attempts + 1, startedAt, duration, status, failure?.Code, message, head) { RequestHead = requestHead, Timing = timing };
        return Judge(delivery, attempt, failure?.Final ?? false, retryAfter) with { Health = HealthOf(status, failure?.Code), RetryAfter = retryAfter };
    }

    private static DestinationHealth HealthOf(int? status, string? code) => (status, code) switch
    {
        (429 or 502 or 503 or 504, _) => DestinationHealth.Overloaded,
        ( >= 500, _) => DestinationHealth.Failing,
        (null, "receiver_timed_out" or "connection_failed" or "connection_lost" or "tls_failed" or "invalid_response" or "name_not_resolved") => DestinationHealth.Failing,
        _ => DestinationHealth.Well,
    };

    private static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;

    private async ValueTask<DeliveryTarget?> TargetAsync(DeliveryRequest wanted)
    {
        if (wanted.Endpoint is not { } endpoint || targets is null) return null;
        try
        {
            return await targets(endpoint) ?? throw new OutboundException("invalid_endpoint", "The endpoint was deleted.");
        }
        catch (Storage.JournalException error)
        {
            throw new OutboundException("endpoint_unavailable", error.Message);
        }
    }

    private static HttpRequestMessage Build(Delivery delivery, DeliveryTarget? target, DateTimeOffset now, SecretFilling filling)
    {
        var wanted = delivery.Request;
        var address = OutboundRequest.Address(filling.Text((target?.Url ?? wanted.Url).Escaped));
        var sendsBody = wanted.ContentType is not null || !wanted.Body.IsEmpty;
        var body = sendsBody ? filling.Utf8(wanted.Body, OutboundBody.Spelling(wanted.ContentType)) : default;
        var request = OutboundRequest.Create(wanted.Method, address, sendsBody ? body : null, wanted.ContentType);
        foreach (var (name, value) in target?.Headers ?? NoHeaders) OutboundRequest.AddAuthorHeader(request, name, filling.Text(value.Escaped));
        foreach (var (name, value) in wanted.Headers) OutboundRequest.AddAuthorHeader(request, name, filling.Text(value.Escaped));
        if (!request.Headers.NonValidated.Contains("User-Agent")) OutboundRequest.AddHeader(request, "User-Agent", OutboundHttp.UserAgent);
        var timestamp = now.ToUnixTimeSeconds();
        OutboundRequest.AddHeader(request, "Idempotency-Key", delivery.IdempotencyKey);
        OutboundRequest.AddHeader(request, "webhook-id", delivery.IdempotencyKey);
        OutboundRequest.AddHeader(request, "webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        foreach (var (name, value) in target?.Sign(new SigningInput(wanted.Method, address.AbsoluteUri, body, wanted.ContentType, "", new VerifyConfig("none"), now, delivery.IdempotencyKey)) ?? [])
        {
            if (!request.Headers.NonValidated.Contains(name)) OutboundRequest.AddHeader(request, name, value);
        }

        if (wanted.SigningSecret is { } signer)
            OutboundRequest.AddHeader(request, "webhook-signature", StandardWebhooksSigner.Sign(signer, filling.Value(signer), delivery.IdempotencyKey, timestamp, body.Span));
        return request;
    }

    private SendResult Judge(Delivery delivery, Attempt attempt, bool final, TimeSpan? retryAfter)
    {
        if (attempt.Error is null) return new SendResult(attempt, DeliveryState.Succeeded, null);
        if (final || attempt.Number >= delivery.Request.MaxAttempts) return new SendResult(attempt, DeliveryState.Dead, null);
        return new SendResult(attempt, DeliveryState.Retrying, time.GetUtcNow() + schedule.DelayAfter(attempt.Number - delivery.AttemptsBeforeReplay, retryAfter, delivery.Request.Pauses));
    }

    private OutboundFailure Defect(Delivery delivery, Exception error)
    {
        // The type alone: the text of an unforeseen exception may hold the address, and with it a secret.
        Log.AttemptBroke(log, Values.PublicId.Format(Values.PublicId.Delivery, delivery.Id), error.GetType().Name);
        return new OutboundFailure("internal_error", "The attempt failed for a reason that the server did not foresee; its log names it.");
    }
}
