using System.Net;
using System.Net.Sockets;
using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Server.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Runs the broker for as long as the server runs, and publishes for the <c>mqtt.publish</c> step.</summary>
internal sealed class EmbeddedBroker : IHostedService, IAsyncDisposable
{
    private readonly MqttOptions options;
    private readonly MqttIntake intake;
    private readonly MqttBroker? broker;

    public EmbeddedBroker(IOptions<MqttOptions> options, MqttIntake intake, TimeProvider time, ILogger<EmbeddedBroker> log)
    {
        this.options = options.Value;
        this.intake = intake;
        if (!this.options.Enabled) return;
        broker = new MqttBroker(new MqttBrokerOptions
        {
            EndPoint = new IPEndPoint(AddressOf(this.options.Host), this.options.Port),
            TimeProvider = time,
            MaxPacketBytes = this.options.MaximumPacketSize,
            ReceiveMaximum = (ushort)this.options.ReceiveMaximum,
            OnConnect = this.options.AllowAnonymous ? static _ => new ValueTask<MqttReasonCode>(MqttReasonCode.Success) : null, // null: from this machine only
            OnPublish = publish => intake.AcceptAsync(publish.Message, publish.Client.ClientId),
            OnError = (what, error) => Log.BrokerError(log, what, error),
        });
    }

    /// <summary>False when the broker is switched off (<see cref="MqttOptions.Enabled"/>).</summary>
    public bool Enabled => broker is not null;

    /// <summary>Where the broker listens; null when it is switched off.</summary>
    public IPEndPoint? EndPoint => broker?.EndPoint;

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
        try
        {
            await broker.StartAsync(cancellationToken);
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            throw new StartupException($"MQTT port {options.Port} is in use. Stop what listens there, or name another port with --mqtt-port.", error);
        }
        catch (SocketException error)
        {
            throw new StartupException($"The MQTT broker cannot listen on {options.Host}:{options.Port}: {error.Message}", error);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => broker?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => broker?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static IPAddress AddressOf(string host) => host switch
    {
        "localhost" => IPAddress.Loopback,
        "*" or "+" => IPAddress.IPv6Any,
        _ when IPAddress.TryParse(host, out var address) => address,
        _ => throw new StartupException($"Mqtt:Host '{host}' is not an address. Give an IP address such as 127.0.0.1 or 0.0.0.0."),
    };
}
