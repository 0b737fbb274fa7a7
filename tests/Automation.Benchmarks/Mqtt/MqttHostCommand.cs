using System.Net;
using Automation.Mqtt.Broker;

namespace Automation.Benchmarks.Mqtt;

/// <summary>The broker alone in a process: for each line it reads, it collects all garbage and prints the managed bytes that are left.</summary>
internal static class MqttHostCommand
{
    public static async Task<int> RunAsync(int port)
    {
        await using var broker = new MqttBroker(new MqttBrokerOptions
        {
            EndPoint = new IPEndPoint(IPAddress.Loopback, port),
            MaxConnections = MqttTarget.MaxConnections,
            MaxConnectionsPerAddress = MqttTarget.MaxConnections,
        });
        await broker.StartAsync();
        while (await Console.In.ReadLineAsync() is not null)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Console.WriteLine(GC.GetTotalMemory(forceFullCollection: true));
        }

        return 0;
    }
}
