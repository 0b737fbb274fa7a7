using System.Diagnostics;
using System.Globalization;

namespace Automation.Server.Tests.Runs;

/// <summary>One run of mosquitto's own clients.</summary>
internal sealed class Mosquitto : IDisposable
{
    private readonly Process process;

    private Mosquitto(string program, params IEnumerable<string> arguments) => process = Process.Start(new ProcessStartInfo(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    /// <summary>Publishes one message; completes when it is sent, with QoS 1 (<c>-q 1</c>) when the broker has acknowledged it.</summary>
    public static async Task PublishAsync(int port, string topic, string text, params string[] more)
    {
        using var publisher = new Mosquitto("mosquitto_pub", ["-p", Text(port), "-t", topic, "-m", text, .. more]);
        await publisher.EndAsync();
    }

    /// <summary>Begins to publish one message.</summary>
    public static Mosquitto Publish(int port, string topic, string text, params string[] more) => new("mosquitto_pub", ["-p", Text(port), "-t", topic, "-m", text, .. more]);

    /// <summary>Publishes lines one after the other, on one connection.</summary>
    public static Mosquitto PublishLines(int port, string topic, int qos, IEnumerable<string> lines)
    {
        var publisher = new Mosquitto("mosquitto_pub", ["-p", Text(port), "-t", topic, "-q", Text(qos), "-l"]);
        publisher.process.StandardInput.Write(string.Concat(lines.Select(line => line + "\n")));
        publisher.process.StandardInput.Close();
        return publisher;
    }

    /// <summary>Subscribes and waits until the broker has granted it; <see cref="LineAsync"/> reads what comes, as <c>topic qos retain payload</c>.</summary>
    public static async Task<Mosquitto> SubscribeAsync(int port, string filter, int qos = 1, string format = "%t %q %r %p")
    {
        var granted = $"granted/{Guid.NewGuid():n}"; // a topic of its own: no other subscriber's comes later
        await PublishAsync(port, granted, "1", "-r", "-q", "1"); // comes first of all, once both filters are there
        var subscriber = new Mosquitto("mosquitto_sub", ["-p", Text(port), "-t", filter, "-t", granted, "-q", Text(qos), "-F", format]);
        Assert.StartsWith(format == "%x" ? "31" : granted, await subscriber.LineAsync(), StringComparison.Ordinal);
        return subscriber;
    }

    /// <summary>The next message.</summary>
    public async Task<string> LineAsync()
    {
        using var patience = new CancellationTokenSource(WorkflowServer.Patience);
        return await process.StandardOutput.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync(patience.Token));
    }

    /// <summary>What it complains of, once it has ended.</summary>
    public async Task<string> ErrorAsync()
    {
        using var patience = new CancellationTokenSource(WorkflowServer.Patience);
        return await process.StandardError.ReadToEndAsync(patience.Token);
    }

    /// <summary>Waits for the program's own end, and expects it to have gone well.</summary>
    public async Task EndAsync()
    {
        using var patience = new CancellationTokenSource(WorkflowServer.Patience);
        await process.WaitForExitAsync(patience.Token);
        Assert.True(process.ExitCode == 0, await process.StandardError.ReadToEndAsync(patience.Token));
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
