using System.Text;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Storage;

/// <summary>Makes changes with every default filled, so that a test states only what matters to it.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static Event Event(long id, string body = "{}", string type = "webhook.received", string trigger = "webhook", string? subject = null, string? contentType = "application/json", string attributes = "{}") => new()
    {
        Id = id,
        Trigger = trigger,
        Type = type,
        Source = "/hooks/orders",
        Subject = subject,
        AcceptedAt = Time,
        Attributes = Json.Parse(attributes),
        ContentType = contentType,
        Body = Encoding.UTF8.GetBytes(body),
    };

    public static RunAccepted Run(long id, long eventId, string workflow = "orders", bool held = true) =>
        new(id, eventId, workflow, "v1", "hook", Time, held);

    public static RunEnded Ended(long id, long eventId, string state = "succeeded", string stepRuns = "[]", string? failedStep = null, string? error = null, long owner = 1) =>
        new(id, owner, eventId, state, Time.AddSeconds(1), Time.AddSeconds(2), Json.Parse(stepRuns), failedStep, error is null ? null : Json.Parse(error));

    public static Delivery Delivery(long id, long runId = 2, string destination = "https://example.com:443", string workflow = "orders", DateTimeOffset? createdAt = null, DeliveryRequest? request = null) =>
        new(id, runId, workflow, "send", $"run_{runId}.send.0", destination, request ?? Request(), createdAt ?? Time, 0);

    public static DeliveryRequest Request(string url = "https://example.com/in", string body = "{}", int maxAttempts = 3) =>
        new(new SecretText(url), "POST", new Dictionary<string, SecretText> { ["X-One"] = new("1") }, "application/json", Encoding.UTF8.GetBytes(body), "SIGN", maxAttempts, TimeSpan.FromSeconds(30));

    public static DeliveryAttempted Attempted(long deliveryId, string state = DeliveryState.Succeeded, int number = 1, DateTimeOffset? nextAttemptAt = null, string? error = null, long owner = 1) =>
        new(deliveryId, owner, new Attempt(number, Time, 12, error is null ? 200 : null, error, error is null ? null : "It did not answer.", "HTTP/1.1 200 OK"), state, nextAttemptAt);

    public static VersionStored Version(string workflow = "orders", string hash = "v1", string document = "{\"steps\":{}}", DateTimeOffset? at = null) =>
        new(workflow, hash, new VersionSource(Json.Parse(document), new Dictionary<string, string> { ["a.ts"] = "export default 1" }), at ?? Time);
}
