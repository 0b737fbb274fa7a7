using System.Globalization;
using System.Net;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Deliveries.Mail;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Triggers.Webhooks.Verification.Schemes;

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

    /// <summary>The endpoint as it was for this attempt; null for none.</summary>
    public DeliveryTarget? Target { get; init; }
}

/// <summary>Makes one attempt of a delivery: fills in the secrets, signs, sends, and judges the answer.</summary>
/// <remarks>
/// 2xx: succeeded. 410, and requests that can never be sent: dead at once. Anything else, redirects and other 4xx included, is tried again until the
/// delivery's attempts are used up (Standard Webhooks). The address decides who sends: a mail server gets a message (<see cref="MailSender"/>). Neither the attempt nor any exception holds a secret's value.
/// </remarks>
internal sealed class DeliverySender(OutboundHttp http, SecretStore secrets, RetrySchedule schedule, TimeProvider time, ILogger<DeliverySender> log, FindDeliveryTarget? targets = null, AccessTokens? tokens = null, MailSender? mail = null)
{
    // Once the status is known the answer's body is only for people to read: a body that drips holds up the destination no longer than this.
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(2);

    private static readonly IReadOnlyDictionary<string, SecretText> NoHeaders = new Dictionary<string, SecretText>();

    private static readonly StandardWebhooksScheme Standard = new();

    private static readonly VerifyConfig Unused = new(Standard.Name); // signers put their own in its place

    private readonly AttemptTimers timers = new(time);

    /// <exception cref="OperationCanceledException">Only by <paramref name="cancellation"/>; whether the receiver got the request is not known then.</exception>
    public async ValueTask<SendResult> SendAsync(Delivery delivery, CancellationToken cancellation)
    {
        var startedAt = time.GetUtcNow();
        var start = time.GetTimestamp();
        var filling = new SecretFilling(secrets);
        DeliveryTarget? target = null;
        var connection = new ConnectionTiming(time);
        var exchange = new Exchange();
        OutboundFailure? failure = null;
        var timer = timers.Start(delivery.Request.Timeout);
        // Joined by a registration, not a linked source: one allocation less in the path of every delivery.
        var joined = cancellation.UnsafeRegister(static timer => ((CancellationTokenSource)timer!).Cancel(), timer);
        try
        {
            target = await TargetAsync(delivery.Request);
            if (target is { IsActive: false }) return SendResult.Unsent;
            var url = filling.Text((target?.Url ?? delivery.Request.Url).Escaped);
            if (SmtpAddress.IsMail(url)) await MailAsync(delivery, url, filling, exchange, connection, timer.Token);
            else failure = await CallAsync(delivery, target, url, startedAt, start, filling, exchange, connection, timer);
            exchange.Ended ??= time.GetTimestamp();
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
        var duration = Milliseconds(time.GetElapsedTime(start, exchange.Ended ?? total));
        var timing = new AttemptTiming(
            connection.Dns is { } dns ? Milliseconds(dns) : null,
            connection.Connect is { } connect ? Milliseconds(connect) : null,
            connection.Tls is { } tls ? Milliseconds(tls) : null,
            exchange.Ended is null ? null : duration,
            Milliseconds(time.GetElapsedTime(start, total)));
        var told = failure?.Message ?? exchange.Mail?.Remark;
        var message = told is null ? null : filling.Redactor?.Mask(told) ?? told;
        var attempt = new Attempt(delivery.Attempts + 1, startedAt, duration, exchange.Mail?.Status ?? exchange.Status, failure?.Code, message, exchange.Mail?.Received ?? exchange.Head) { RequestHead = exchange.Mail?.Sent ?? exchange.RequestHead, Timing = timing };
        var health = exchange.Mail is { } letter ? HealthOfMail(letter.Status, failure?.Code) : HealthOf(exchange.Status, failure?.Code);
        return Judge(delivery, attempt, failure?.Final ?? false, exchange.RetryAfter) with { Health = health, RetryAfter = exchange.RetryAfter, Target = target };
    }

    /// <summary>One HTTP call. Returns what its status means; null for a success.</summary>
    private async ValueTask<OutboundFailure?> CallAsync(Delivery delivery, DeliveryTarget? target, string url, DateTimeOffset startedAt, long start, SecretFilling filling, Exchange exchange, ConnectionTiming connection, CancellationTokenSource timer)
    {
        if (tokens is not null) await tokens.ReadyAsync(delivery.Request.Headers, timer.Token);
        using var request = Build(delivery, target, url, startedAt, filling);
        connection.NoteOn(request);
        exchange.RequestHead = RequestHead.Read(request, filling.Redactor);
        using var answered = await http.SendAsync(request, timer.Token);
        using var again = answered.StatusCode is HttpStatusCode.Unauthorized && tokens is not null && await tokens.RenewAsync(delivery.Request.Headers, filling, timer.Token)
            ? await AgainAsync(delivery, target, url, startedAt, filling, connection, timer.Token)
            : null;
        var response = again ?? answered;
        exchange.RequestHead = RequestHead.AsSent(exchange.RequestHead, request.Version, response.Version);
        exchange.Ended = time.GetTimestamp();
        exchange.Status = (int)response.StatusCode;
        if (!response.IsSuccessStatusCode) exchange.RetryAfter = RetrySchedule.RetryAfter(response.Headers, time.GetUtcNow());
        var rest = delivery.Request.Timeout - time.GetElapsedTime(start);
        timer.CancelAfter(rest > BodyPatience ? BodyPatience : rest > TimeSpan.Zero ? rest : TimeSpan.Zero);
        exchange.Head = await ResponseHead.ReadAsync(response, filling.Redactor, timer.Token);
        // The status decides, also where the stop came while the body was read.
        return response.IsSuccessStatusCode ? null : OutboundErrors.OfStatus((int)response.StatusCode, response.Headers.Location);
    }

    /// <summary>Hands one message to a mail server.</summary>
    private async ValueTask MailAsync(Delivery delivery, string url, SecretFilling filling, Exchange exchange, ConnectionTiming connection, CancellationToken cancellation)
    {
        var wanted = delivery.Request;
        if (mail is null || wanted.Method != MailSender.Method) throw new OutboundException("invalid_address", "Only e-mail can be sent to the address of a mail server; use email.send.");
        if (!SmtpAddress.TryParse(url, out var address)) throw new OutboundException("invalid_address", $"The address is none of a mail server. Write it as {SmtpAddress.Expected}.", final: false); // a secret that can be set right
        exchange.Mail = new SmtpNotes();
        var to = filling.Text(wanted.Headers[MailSender.To].Escaped).Split(' ');
        var message = filling.Utf8(wanted.Body, SecretSpelling.Raw);
        await mail.SendAsync(address, filling.Text(wanted.Headers[MailSender.From].Escaped), to, message, isLast: delivery.Attempts + 1 >= wanted.MaxAttempts, exchange.Mail, connection, cancellation);
    }

    /// <summary>A mail server that answers is well, whatever it thinks of a message; 421 is its word for "not now".</summary>
    private static DestinationHealth HealthOfMail(int? status, string? code) => (status, code) switch
    {
        (421, _) => DestinationHealth.Overloaded,
        (_, "receiver_refused" or null) => DestinationHealth.Well,
        _ => HealthOf(null, code),
    };

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
            var target = await targets(endpoint);
            // Milliseconds: what the journal keeps of a time.
            if (target is null || (wanted.EndpointSince is { } since && since.ToUnixTimeMilliseconds() != target.Since.ToUnixTimeMilliseconds())) throw new OutboundException("invalid_endpoint", "The endpoint was deleted.");
            return target;
        }
        catch (Storage.JournalException error)
        {
            throw new OutboundException("endpoint_unavailable", error.Message);
        }
    }

    /// <summary>The same request, with the access token that is valid now.</summary>
    private async Task<HttpResponseMessage> AgainAsync(Delivery delivery, DeliveryTarget? target, string url, DateTimeOffset startedAt, SecretFilling filling, ConnectionTiming connection, CancellationToken cancellation)
    {
        using var request = Build(delivery, target, url, startedAt, filling);
        connection.NoteOn(request);
        return await http.SendAsync(request, cancellation);
    }

    private static HttpRequestMessage Build(Delivery delivery, DeliveryTarget? target, string url, DateTimeOffset now, SecretFilling filling)
    {
        var wanted = delivery.Request;
        var address = OutboundRequest.Address(url);
        var sendsBody = wanted.ContentType is not null || !wanted.Body.IsEmpty;
        var body = sendsBody ? filling.Utf8(wanted.Body, OutboundBody.Spelling(wanted.ContentType)) : default;
        var request = OutboundRequest.Create(wanted.Method, address, sendsBody ? body : (ReadOnlyMemory<byte>?)null, wanted.ContentType);
        foreach (var (name, value) in target?.Headers ?? NoHeaders) OutboundRequest.AddAuthorHeader(request, name, filling.Text(value.Escaped));
        foreach (var (name, value) in wanted.Headers) OutboundRequest.AddAuthorHeader(request, name, filling.Text(value.Escaped));
        if (!request.Headers.NonValidated.Contains("User-Agent")) OutboundRequest.AddHeader(request, "User-Agent", OutboundHttp.UserAgent);
        var timestamp = now.ToUnixTimeSeconds();
        OutboundRequest.AddHeader(request, "Idempotency-Key", delivery.IdempotencyKey);
        OutboundRequest.AddHeader(request, "webhook-id", delivery.IdempotencyKey);
        OutboundRequest.AddHeader(request, "webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        if (target is null && wanted.SigningSecret is null) return request;
        var input = new SigningInput(wanted.Method, address.AbsoluteUri, body, wanted.ContentType, "", Unused, now, delivery.IdempotencyKey);
        foreach (var (name, value) in target?.Sign(input) ?? Sign(wanted.SigningSecret!, filling, input))
        {
            if (request.Headers.NonValidated.Contains(name)) request.Headers.Remove(name); // a signature is never the author's word
            OutboundRequest.AddHeader(request, name, value);
        }

        return request;
    }

    private static IEnumerable<(string Name, string Value)> Sign(string name, SecretFilling filling, SigningInput input)
    {
        var secret = filling.Value(name);
        if (!StandardWebhooksScheme.IsSigningSecret(secret)) throw new StepException("signing_secret_invalid", $"The secret {name} cannot sign webhooks: {StandardWebhooksScheme.SigningSecretIs}");
        return Standard.Sign(input with { Secret = secret });
    }

    private SendResult Judge(Delivery delivery, Attempt attempt, bool final, TimeSpan? retryAfter)
    {
        if (attempt.Error is null) return new SendResult(attempt, DeliveryState.Succeeded, null);
        if (final || attempt.Number >= delivery.Request.MaxAttempts) return new SendResult(attempt, DeliveryState.Dead, null);
        return new SendResult(attempt, DeliveryState.Retrying, time.GetUtcNow() + schedule.DelayAfter(attempt.Number - delivery.AttemptsBeforeReplay, retryAfter, delivery.Request.Pauses));
    }

    /// <summary>For an attempt that failed in a way nobody foresaw: dead, so that it neither stays unrecorded nor is made again and again.</summary>
    public SendResult Broken(Delivery delivery, Exception error)
    {
        var failure = Defect(delivery, error);
        return new SendResult(new Attempt(delivery.Attempts + 1, time.GetUtcNow(), 0, null, failure.Code, failure.Message, null), DeliveryState.Dead, null);
    }

    private OutboundFailure Defect(Delivery delivery, Exception error)
    {
        // The type alone: the text of an unforeseen exception may hold the address, and with it a secret.
        Log.AttemptBroke(log, Values.PublicId.Format(Values.PublicId.Delivery, delivery.Id), error.GetType().Name);
        return new OutboundFailure("internal_error", "The attempt failed for a reason that the server did not foresee; its log names it.");
    }

    /// <summary>What came of an attempt so far, also where it breaks off.</summary>
    private sealed class Exchange
    {
        public int? Status { get; set; }

        public string? RequestHead { get; set; }

        public string? Head { get; set; }

        public TimeSpan? RetryAfter { get; set; }

        /// <summary>When the answer was known.</summary>
        public long? Ended { get; set; }

        /// <summary>In place of status and heads, for a message.</summary>
        public SmtpNotes? Mail { get; set; }
    }
}
