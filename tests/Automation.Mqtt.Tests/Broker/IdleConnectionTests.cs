using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>Nothing else runs meanwhile: the memory of the whole process is measured.</summary>
[CollectionDefinition(nameof(IdleConnectionTests), DisableParallelization = true)]
[Collection(nameof(IdleConnectionTests))]
public sealed class IdleConnectionTests : BrokerTestBase
{
    private const int Connections = 500;
    private const int MostBytesEach = 10_000;

    [Fact]
    public async Task IdleConnection_HoldsLittleMemory_AndWakesAtAPacket()
    {
        var port = (await StartAsync()).EndPoint.Port;
        var sockets = new List<Socket>();
        for (var index = 0; index < 50; index++)
            sockets.Add(await ConnectAsync(port, index)); // what is made once
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var index = 50; index < 50 + Connections; index++)
            sockets.Add(await ConnectAsync(port, index));
        var after = GC.GetTotalMemory(forceFullCollection: true);

        Assert.InRange((after - before) / Connections, 0, MostBytesEach);
        foreach (var socket in sockets)
        {
            await socket.SendAsync(new byte[] { 0xC0, 0 });
            Assert.Equal([0xD0, 0], await ReadAsync(socket, 2));
            socket.Dispose();
        }
    }

    private static async Task<Socket> ConnectAsync(int port, int number)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        // CONNECT: MQTT 3.1.1, clean session, keep alive of a minute, a client identifier of two bytes.
        await socket.SendAsync(new byte[] { 0x10, 14, 0, 4, (byte)'M', (byte)'Q', (byte)'T', (byte)'T', 4, 2, 0, 60, 0, 2, (byte)('A' + (number / 26)), (byte)('a' + (number % 26)) });
        Assert.Equal([0x20, 2, 0, 0], await ReadAsync(socket, 4));
        return socket;
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(TestClient.Patience);
        return bytes;
    }
}
