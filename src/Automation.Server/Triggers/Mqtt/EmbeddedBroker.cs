using System.Collections.Frozen;
using System.Net;
using Automation.Mqtt;
using Automation.Mqtt.Access;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;
using Automation.Server.Access;
using Automation.Server.Hosting;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers.Mqtt.Connections;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Runs the broker for as long as the server runs, and publishes for the <c>mqtt.publish</c> step.</summary>
internal sealed class EmbeddedBroker : IHostedService, IAsyncDisposable
{
    /// <summary>Requests of runs that may wait for their answers at a time.</summary>
    public const int RequestsMaximum = 256;

    private readonly MqttOptions options;
    private readonly MqttAnswers answers;
    private readonly MqttIntake intake;
    private readonly MqttClientIntake clients;
    private readonly MqttBroker? broker;
    private readonly AccessFile? rules;
    private readonly MqttUsers users = new();
    private readonly AccessDirectory directory;
    private FrozenDictionary<string, StoredMqttUser> applied = FrozenDictionary<string, StoredMqttUser>.Empty;
    private readonly IList<MqttListenerOptions> listeners = [];

    public EmbeddedBroker(
        IOptions<MqttOptions> options, MqttIntake intake, MqttAnswers answers, MqttClientIntake clients, JournalMqttStore store, AccessDirectory directory, TimeProvider time, ILogger<EmbeddedBroker> log)
    {
        this.options = options.Value;
        this.intake = intake;
        this.answers = answers;
        this.clients = clients;
        this.directory = directory;
        if (!this.options.Enabled) return;
        var settings = new MqttBrokerOptions
        {
            EndPoint = MqttWaysIn.Plain(this.options),
            MaxConnections = this.options.MaxConnections,
            MaxConnectionsPerAddress = this.options.MaxConnectionsPerAddress,
            MaxConnectRate = this.options.MaxConnectRate,
            MaxConnectRatePerAddress = this.options.MaxConnectRatePerAddress,
            ConnectTimeout = this.options.ConnectTimeout,
            TimeProvider = time,
            OnPublish = intake.AcceptAsync,
            OnPresence = clients.Note,
            Store = store,
            OnError = (what, error) => Log.BrokerError(log, what, error),
        };
        foreach (var listener in MqttWaysIn.Others(this.options)) settings.Listeners.Add(listener);
        MqttLimits.Apply(this.options, settings);
        UseUsers();
        rules = MqttAccess.Guard(settings, this.options, users);
        listeners = settings.Listeners;
        broker = new MqttBroker(settings);
        rules?.Changed = () => _ = broker.ReviewSubscriptionsAsync();
        directory.Changed += FollowUsers;
    }

    /// <summary>The broker itself, to look into; null when it is switched off.</summary>
    public MqttBroker? Broker => broker;

    /// <summary>False when the broker is switched off (<see cref="MqttOptions.Enabled"/>).</summary>
    public bool Enabled => broker is not null;

    /// <summary>Where the broker listens for plain MQTT over TCP; null when that is left out or the broker is switched off.</summary>
    public IPEndPoint? EndPoint => options.Port < 0 ? null : broker?.EndPoint;

    /// <summary>All addresses that clients can connect to, after the start.</summary>
    public IEnumerable<string> Addresses
    {
        get
        {
            if (EndPoint is { } plain) yield return $"mqtt://{plain}";
            if (broker is null) yield break;
            foreach (var (listener, real) in listeners.Zip(broker.ListenerEndPoints)) yield return MqttWaysIn.AddressOf(listener, real);
        }
    }

    /// <summary>Who comes in, in words.</summary>
    public string Clients => MqttAccess.Describe(options, users);

    /// <summary>Retained messages whose topic matches; none when the broker is switched off.</summary>
    public IReadOnlyList<MqttApplicationMessage> Retained(TopicFilter filter) => broker?.Retained.List(filter, int.MaxValue) ?? [];

    /// <summary>Publishes a run's request and waits for its answer, on a topic of its own (MQTT 5 §4.10). As <see cref="PublishAsync"/>.</summary>
    /// <exception cref="StepException">Too many requests wait.</exception>
    public async Task<MqttApplicationMessage> RequestAsync(MqttApplicationMessage request, CancellationToken cancellation)
    {
        using var waiting = answers.Begin(request.ResponseTopic!, request.CorrelationData!.Value) ?? throw MqttConnection.TooManyRequests(RequestsMaximum);
        await PublishAsync(request, cancellation); // it is not retained, so there is room
        return await waiting.Answer.WaitAsync(cancellation);
    }

    /// <summary>Starts the runs a run's message triggers, then hands it to subscribers. Completes after the commit of its events.</summary>
    /// <returns>False when there is no room for one more retained message; no run was started, but where the last room was taken in that very moment.</returns>
    /// <exception cref="ArgumentException">MQTT cannot carry the message: its topic, or a text that is too long. No run was started.</exception>
    /// <exception cref="InvalidOperationException">The broker is not <see cref="Enabled"/>.</exception>
    /// <exception cref="OperationCanceledException">Its events could not be stored until <paramref name="cancellation"/>.</exception>
    public async ValueTask<bool> PublishAsync(MqttApplicationMessage message, CancellationToken cancellation)
    {
        if (broker is null) throw new InvalidOperationException("The embedded broker is switched off.");
        if (!broker.HasRoomFor(message)) return false;
        await intake.AcceptFromRunAsync(message, cancellation);
        try
        {
            await broker.PublishAsync(message, cancellation);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (broker is null) return;
        clients.Start();
        try
        {
            await broker.StartAsync(cancellationToken);
        }
        catch (MqttListenException error) when (error is { IsInUse: true, EndPoint: IPEndPoint } && error.EndPoint.Equals(MqttWaysIn.Plain(options)))
        {
            throw new StartupException($"MQTT port {options.Port} is in use. Stop what listens there, or name another port with --mqtt-port.", error);
        }
        catch (MqttListenException error)
        {
            throw new StartupException($"MQTT: {error.Message}{(error.IsInUse ? ". Stop what listens there, or name another place" : "")}", error);
        }
        catch (InvalidDataException error)
        {
            throw new StartupException($"MQTT: {error.Message}", error);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (broker is null) return;
        await broker.StopAsync(cancellationToken);
        await clients.StopAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        directory.Changed -= FollowUsers;
        rules?.Dispose();
        users.Dispose();
        return broker?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void UseUsers()
    {
        applied = directory.MqttUsers;
        users.Use(applied.Values
            .Select(user => PasswordHash.TryParse(user.Password, out var hash) ? new MqttUser(user.Name, hash, user.Publish, user.Subscribe, !user.Disabled) : null)
            .OfType<MqttUser>());
    }

    /// <summary>Clients that are connected go by the users as they are now: their rules hold at once, and who may not be here any more is disconnected.</summary>
    private void FollowUsers()
    {
        lock (users)
        {
            var now = directory.MqttUsers;
            if (now.Count == applied.Count && now.Values.All(user => applied.GetValueOrDefault(user.Name) is { } same && same.ChangedAt == user.ChangedAt && same.Password == user.Password)) return;
            UseUsers();
            if (broker is null) return;
            broker.ReviewClients();
            _ = broker.ReviewSubscriptionsAsync();
        }
    }
}
