using System.Diagnostics;
using Automation.EndToEnd.Tests.Processes;
using Automation.Server.Tests.Runs;

namespace Automation.EndToEnd.Tests;

/// <summary>What another broker gave to the server is not lost when the server is killed, nor what was published meanwhile.</summary>
public class MqttConnectionTests
{
    private const int Messages = 2000;

    private static readonly Dictionary<string, string> Readings = new()
    {
        ["readings.json"] = """
            {
              "name": "Readings",
              "triggers": { "mqtt": { "type": "mqtt", "connection": "plant", "topic": "readings/{room}" } },
              "steps": { "send": { "type": "webhook.send", "url": "RECEIVER/got", "body": "${event.data}" } }
            }
            """,
    };

    [Theory]
    [InlineData("5.0", 1)]
    [InlineData("5.0", 2)]
    [InlineData("3.1.1", 1)]
    public async Task ServerThatIsKilledInTheMiddle_LosesNothing(string version, int qos)
    {
        await using var broker = await MosquittoServer.StartAsync();
        await using var installation = await Installation.StartAsync(Readings, new Dictionary<string, string?>
        {
            ["Mqtt__Connections__plant__Server"] = broker.Address,
            ["Mqtt__Connections__plant__ProtocolVersion"] = version,
        });
        await Eventually.HoldsAsync(() => Task.FromResult(broker.Said("Sending SUBACK")), "the server has subscribed");

        using var publisher = Publish(broker.Port, qos);
        await installation.Receiver.WaitForAsync(100);
        await installation.Server.KillAsync();
        await publisher.WaitForExitAsync().WaitAsync(Eventually.Soon); // all is published, most of it to nobody there
        var before = JournalFile.Count(installation.Server, "SELECT count(*) FROM events");
        await installation.Server.RestartAsync();

        await Eventually.HoldsAsync(() => Task.FromResult(Distinct() == Messages), "each message has arrived", TimeSpan.FromSeconds(60));
        await JournalFile.EverythingEndedAsync(installation.Server);
        Assert.True(before < Messages, "The server was killed too late.");
        // Acknowledgements that the broker had not read went with the server, so some came again; but not because the connection broke again.
        Assert.Equal(2, broker.Log.Count(line => line.Contains("New client connected", StringComparison.Ordinal) && line.Contains("-plant ", StringComparison.Ordinal)));

        int Distinct() => installation.Receiver.Arrivals.Select(a => a.Body).Distinct().Count();
    }

    [Fact]
    public async Task ServerThatIsKilled_LeavesItsWill()
    {
        await using var broker = await MosquittoServer.StartAsync();
        await using var installation = await Installation.StartAsync(Readings, new Dictionary<string, string?>
        {
            ["Mqtt__Connections__plant__Server"] = broker.Address,
            ["Mqtt__Connections__plant__Will__Topic"] = "gone",
            ["Mqtt__Connections__plant__Will__Payload"] = "without a word",
            ["Mqtt__Connections__plant__Will__Retain"] = "true",
        });
        await Eventually.HoldsAsync(() => Task.FromResult(broker.Said("Sending SUBACK")), "the server has subscribed");
        await installation.Server.KillAsync();

        var heard = await Shell.RunAsync("mosquitto_sub", ["-p", $"{broker.Port}", "-t", "gone", "-C", "1", "-W", "15"]);
        Assert.Equal("without a word\n", heard.Output);
    }

    private static Process Publish(int port, int qos)
    {
        var publisher = Process.Start(new ProcessStartInfo("mosquitto_pub", ["-p", $"{port}", "-t", "readings/a", "-q", $"{qos}", "-l"]) { RedirectStandardInput = true })!;
        publisher.StandardInput.Write(string.Concat(Enumerable.Range(0, Messages).Select(number => $"{number}\n")));
        publisher.StandardInput.Close();
        return publisher;
    }
}
