using System.Security.Cryptography;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Client;

/// <summary>What outlives connections — MQTT 5 §4.1. One lock for all of it; a connection is attached to it for a while.</summary>
internal sealed class ClientSession
{
    private readonly WakeSignal _received = new();
    private ServerConnection? _connection;

    public ClientSession(MqttClientOptions options)
    {
        var ids = new PacketIds((ushort)RandomNumberGenerator.GetInt32(1, ushort.MaxValue + 1));
        Outgoing = new OutgoingPublishes(options, ids);
        Incoming = new IncomingPublishes(options);
        Subscriptions = new Subscriptions(options, ids);
    }

    public Lock Lock { get; } = new();

    public OutgoingPublishes Outgoing { get; }

    public IncomingPublishes Incoming { get; }

    public Subscriptions Subscriptions { get; }

    public PendingResponses Responses { get; } = new();

    /// <summary>Under the lock. Whether the application waits for something that the server has yet to say.</summary>
    public bool AwaitsAnswer => Outgoing.InFlight > 0 || Subscriptions.InFlight > 0 || Responses.Count > 0;

    public void Attach(ServerConnection connection)
    {
        lock (Lock)
        {
            var server = connection.Server;
            Outgoing.Connected(server.SessionPresent, connection.SendWindow);
            Incoming.Connected(server.SessionPresent);
            Subscriptions.Connected(server.SessionPresent);
            _connection = connection;
        }
    }

    public void Detach()
    {
        lock (Lock)
        {
            _connection = null;
            Incoming.Disconnected();
        }
    }

    /// <summary>Something was given to the connection's writer.</summary>
    public void WakeWriter() => Volatile.Read(ref _connection)?.WakeWriter();

    /// <summary>A message waits for the application.</summary>
    public void WakeReceiver() => _received.Wake();

    public ValueTask WaitForMessageAsync() => _received.WaitAsync();

    public bool TryTake(out MqttReceivedMessage message)
    {
        lock (Lock)
        {
            if (!Incoming.TryTake(out message))
                return false;
        }

        Volatile.Read(ref _connection)?.WakeReader();
        return true;
    }

    public bool Acknowledge(MqttReceivedMessage message, MqttReasonCode reasonCode)
    {
        if (!ReasonCodeTable.IsAllowed(PacketType.Puback, (byte)reasonCode))
            throw new ArgumentOutOfRangeException(nameof(reasonCode), reasonCode, "This reason code cannot stand in a PUBACK or PUBREC.");
        bool isCurrent;
        lock (Lock)
            isCurrent = Incoming.TryAcknowledge(message, reasonCode, _connection?.Answers);
        WakeWriter();
        Volatile.Read(ref _connection)?.WakeReader();
        return isCurrent;
    }

    public void Close()
    {
        lock (Lock)
        {
            Outgoing.Close();
            Subscriptions.Close();
            Responses.Close();
        }
    }
}
