using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Tests.Secrets;
using Automation.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Deliveries;

/// <summary>The real parts of the deliveries over a journal in a temporary folder, with a clock that tests move.</summary>
internal sealed class DeliveryRig : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("deliveries").FullName;
    private readonly TestDatabase database;
    private long lastId;

    public DeliveryRig(DeliveryOptions? options = null, string allowPrivate = "loopback", params (string Name, string Value)[] secrets)
    {
        Options = options ?? new DeliveryOptions();
        Secrets = TestSecrets.Of(secrets);
        Http = new OutboundHttp(new OutboundOptions { AllowPrivate = allowPrivate }, Time);
        Sender = new DeliverySender(Http, Secrets, new RetrySchedule(Options, new Random(1)), Time, SenderLog);
        database = TestDatabase.Create(folder);
        Journal = new Journal(database.Database.Open(Time), Time, NullLogger<Journal>.Instance);
        Lanes = new DeliveryLanes(Options, Time);
        Worker = new DeliveryWorker(Lanes, Sender, Journal, Options, Time, WorkerLog);
    }

    public ManualTime Time { get; } = new();

    public DeliveryOptions Options { get; }

    public SecretStore Secrets { get; }

    public OutboundHttp Http { get; }

    public DeliverySender Sender { get; }

    public Journal Journal { get; private set; }

    public DeliveryLanes Lanes { get; private set; }

    public DeliveryWorker Worker { get; private set; }

    public ListLogger<DeliverySender> SenderLog { get; } = new();

    public ListLogger<DeliveryWorker> WorkerLog { get; } = new();

    /// <summary>A delivery with defaults for all that a test does not care about.</summary>
    public Delivery Delivery(string url, string body = "{}", string method = "POST", (string Name, string Value)[]? headers = null, string? sign = null, int maxAttempts = 10, int attempts = 0, TimeSpan? timeout = null, string? contentType = "application/json")
    {
        var id = ++lastId;
        var named = (headers ?? []).ToDictionary(h => h.Name, h => new SecretText(h.Value));
        var request = new DeliveryRequest(new SecretText(url), method, named, contentType, System.Text.Encoding.UTF8.GetBytes(body), sign, maxAttempts, timeout ?? TimeSpan.FromSeconds(15));
        return new Delivery(id, 1, "shop/orders", "send", $"run_1.send.{id}", Server.Deliveries.Delivery.DestinationOf(url), request, Time.GetUtcNow(), attempts);
    }

    /// <summary>Queues a delivery for whoever claims it.</summary>
    public async Task<Delivery> QueueAsync(Delivery delivery)
    {
        await Journal.CommitAsync(new DeliveryQueued(delivery, Held: false));
        return delivery;
    }

    /// <summary>What the run engine does: reserve, commit, start.</summary>
    public async Task<bool> HandOverAsync(Delivery delivery)
    {
        var held = Worker.TryReserve(delivery.Destination);
        await Journal.CommitAsync(new DeliveryQueued(delivery, held));
        if (held) Worker.Start(delivery);
        return held;
    }

    /// <summary>A second server process on the same journal, after the first has died.</summary>
    public async Task RestartAsync()
    {
        await Journal.DisposeAsync();
        Journal = new Journal(database.Database.Open(Time), Time, NullLogger<Journal>.Instance);
        Lanes = new DeliveryLanes(Options, Time);
        Worker = new DeliveryWorker(Lanes, Sender, Journal, Options, Time, WorkerLog);
    }

    public string State(Delivery delivery) => Text($"SELECT state || ' ' || attempts FROM deliveries WHERE id = {delivery.Id}");

    /// <summary>One value of the database as text.</summary>
    public string Text(string sql) => Convert.ToString(database.Scalar(sql), System.Globalization.CultureInfo.InvariantCulture) ?? "";

    public void Execute(string sql) => database.Execute(sql);

    /// <summary>From now on the database takes no attempt.</summary>
    public void RefuseAttempts() => Execute(TestDatabase.IsPostgres
        ? "ALTER TABLE attempts ADD CONSTRAINT never CHECK (number < 0)"
        : "CREATE TRIGGER never BEFORE INSERT ON attempts BEGIN SELECT RAISE(ABORT, 'never'); END");

    public async ValueTask DisposeAsync()
    {
        Worker.Dispose();
        await Journal.DisposeAsync();
        database.Dispose();
        Http.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
