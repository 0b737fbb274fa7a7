using System.Globalization;
using System.Net.Sockets;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Conformance;

/// <summary>
/// Plays a conversation with a broker over raw sockets. Steps are separated by <c>;</c> and begin with the name of a connection,
/// whose first letter is the client identifier:
/// <c>a open</c>, <c>a &gt; bytes</c>, <c>a &lt; packet</c> (see <see cref="Notation"/>), <c>a closed</c> (by the broker, nothing before),
/// <c>a quiet</c> (nothing is on its way), <c>a hangup</c> (no DISCONNECT; until the broker has noticed), <c>a leave</c> (DISCONNECT),
/// <c>a sub filter qos</c>, and <c>a connect5 [resume] [present] [keep seconds] [{properties}]</c> or <c>connect4</c>: CONNECT with a
/// clean start unless told otherwise, and the CONNACK that accepts it. <c>wait 10</c> lets ten seconds pass.
/// </summary>
internal sealed class Script(MqttBroker broker, ManualTimeProvider time) : IDisposable
{
    private readonly Dictionary<string, RawConnection> _connections = [];

    public async Task PlayAsync(string script)
    {
        foreach (var step in script.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                await StepAsync(step);
            }
            catch (Exception exception) when (exception is not FormatException)
            {
                throw new InvalidOperationException($"At '{step}': {exception.Message}", exception);
            }
        }
    }

    public void Dispose()
    {
        foreach (var connection in _connections.Values)
            connection.Dispose();
    }

    private async Task StepAsync(string step)
    {
        var words = step.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        var rest = words.Length > 2 ? words[2] : "";
        if (words[0] == "wait")
        {
            time.Advance(TimeSpan.FromSeconds(int.Parse(words[1], CultureInfo.InvariantCulture)));
            return;
        }

        var name = words[0];
        if (words[1] is "open" or "connect4" or "connect5")
            _connections[name] = await RawConnection.OpenAsync(broker);
        var connection = _connections[name];
        switch (words[1])
        {
            case "open": break;
            case "connect4" or "connect5": await ConnectAsync(connection, name[..1], words[1][^1] == '5', rest); break;
            case ">": await connection.SendAsync(Notation.Bytes(rest)); break;
            case "<": await connection.ExpectAsync(Notation.Pattern(rest)); break;
            case "closed": await connection.ExpectClosedAsync(); break;
            case "quiet": await connection.ExpectNothingAsync(); break;
            case "sub": await SubscribeAsync(connection, rest); break;
            case "leave":
                await connection.SendAsync([0xE0, 0x00]);
                await connection.ExpectClosedAsync();
                break;
            case "hangup":
                connection.EndSending();
                await connection.ExpectClosedAsync();
                break;
            default: throw new FormatException($"Unknown step: {step}");
        }
    }

    private static async Task ConnectAsync(RawConnection connection, string clientId, bool isV5, string rest)
    {
        var properties = rest.Contains('{', StringComparison.Ordinal) ? rest[rest.IndexOf('{', StringComparison.Ordinal)..] : "{}";
        var words = rest.Split('{')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var keepAlive = words.Contains("keep") ? int.Parse(words[Array.IndexOf(words, "keep") + 1], CultureInfo.InvariantCulture) : 3600;
        var flags = words.Contains("resume") ? "00" : "02";
        await connection.SendAsync(Notation.Bytes($"10[\"MQTT\" {(isV5 ? "05" : "04")} {flags} {keepAlive:X4} {(isV5 ? properties : "")} \"{clientId}\"]"));
        await connection.ExpectAsync(Notation.Pattern($"20[{(words.Contains("present") ? "01" : "00")} 00 {(isV5 ? "*" : "")}]"));
        connection.IsV5 = isV5;
    }

    private static async Task SubscribeAsync(RawConnection connection, string rest)
    {
        var words = rest.Split(' ');
        var properties = connection.IsV5 ? "{}" : "";
        await connection.SendAsync(Notation.Bytes($"82[0BB8 {properties} \"{words[0]}\" 0{words[1]}]"));
        await connection.ExpectAsync(Notation.Pattern($"90[0BB8 {properties} 0{words[1]}]"));
    }
}

/// <summary>A socket, and the packets that come out of it as bytes. Knows the fixed header and nothing else of the protocol.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket;

    private RawConnection(Socket socket) => _socket = socket;

    public bool IsV5 { get; set; }

    public static async Task<RawConnection> OpenAsync(MqttBroker broker)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(broker.EndPoint);
        return new RawConnection(socket);
    }

    public async Task SendAsync(byte[] bytes)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        for (var left = bytes.AsMemory(); !left.IsEmpty;)
            left = left[await _socket.SendAsync(left, SocketFlags.None, timeout.Token)..];
    }

    public async Task ExpectAsync(short[] pattern)
    {
        var packet = await ReceiveAsync() ?? throw new InvalidOperationException("closed");
        if (!Notation.Matches(pattern, packet))
            throw new InvalidOperationException($"received {Convert.ToHexString(packet)}");
    }

    public async Task ExpectClosedAsync()
    {
        if (await ReceiveAsync() is { } packet)
            throw new InvalidOperationException($"received {Convert.ToHexString(packet)}");
    }

    public async Task ExpectNothingAsync()
    {
        for (var round = 0; round < 2; round++) // an answer overtakes the messages of the same turn, and only those
        {
            await SendAsync([0xC0, 0x00]);
            await ExpectAsync([0xD0, 0x00]);
        }
    }

    public void EndSending() => _socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => _socket.Dispose();

    // Null when the peer closed.
    private async Task<byte[]?> ReceiveAsync()
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        var packet = new List<byte>();
        try
        {
            if (!await ReadAsync(packet, 2, timeout.Token))
                return null;
            while ((packet[^1] & 0x80) != 0)
                await ReadAsync(packet, 1, timeout.Token);
            var length = 0;
            for (var index = 1; index < packet.Count; index++)
                length |= (packet[index] & 0x7F) << (7 * (index - 1));
            return await ReadAsync(packet, length, timeout.Token) ? [.. packet] : null;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return null;
        }
    }

    private async Task<bool> ReadAsync(List<byte> to, int count, CancellationToken cancellation)
    {
        var buffer = new byte[count];
        for (var read = 0; read < count;)
        {
            var more = await _socket.ReceiveAsync(buffer.AsMemory(read), SocketFlags.None, cancellation);
            if (more == 0)
                return false;
            read += more;
        }

        to.AddRange(buffer);
        return true;
    }
}
