using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Automation.Mqtt.Broker;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>The real command-line clients of mosquitto against this broker.</summary>
public sealed class MosquittoTests : BrokerTestBase
{
    [Theory]
    [InlineData("mqttv311", 0)]
    [InlineData("mqttv311", 1)]
    [InlineData("mqttv311", 2)]
    [InlineData("5", 0)]
    [InlineData("5", 1)]
    [InlineData("5", 2)]
    public async Task Mosquitto_PublishesAndSubscribes(string version, int qos)
    {
        var published = Channel.CreateUnbounded<MqttPublishContext>();
        var broker = await StartAsync(options => options.OnPublish = context =>
        {
            published.Writer.TryWrite(context);
            return new(MqttReasonCode.Success);
        });
        await broker.PublishAsync(new() { Topic = "house/first", Payload = "retained"u8.ToArray(), Retain = true });
        using var subscriber = Run(broker, "mosquitto_sub", version, qos, "-t", "house/#", "-C", "101", "-F", "%r %t %p");
        Assert.Equal("1 house/first retained", await ReadLineAsync(subscriber)); // so the subscription stands

        using var publisher = Run(broker, "mosquitto_pub", version, qos, "-t", "house/room", "-l");
        for (var number = 0; number < 100; number++)
            await publisher.StandardInput.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"value {number} é"));
        publisher.StandardInput.Close();
        await ExitAsync(publisher);

        for (var number = 0; number < 100; number++)
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"0 house/room value {number} é"), await ReadLineAsync(subscriber));
        await ExitAsync(subscriber);
        var context = await published.Reader.ReadAsync();
        Assert.Equal((qos, "house/room"), ((int)context.Message.QualityOfService, context.Message.Topic));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Mosquitto_PropertiesOfV5_ArePassedOn()
    {
        var broker = await StartAsync();
        using var publisher = Run(
            broker, "mosquitto_pub", "5", 1, "-t", "t", "-m", "{}", "-r",
            "-D", "publish", "content-type", "application/json", "-D", "publish", "response-topic", "answer",
            "-D", "publish", "user-property", "k", "v", "-D", "publish", "topic-alias", "3");
        await ExitAsync(publisher);
        using var subscriber = Run(broker, "mosquitto_sub", "5", 1, "-t", "t", "-C", "1", "-F", "%C|%R|%P|%p");

        Assert.Equal("application/json|answer|k:v|{}", (await ReadLineAsync(subscriber)).Replace(" ", "", StringComparison.Ordinal));
        await ExitAsync(subscriber);
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("5")]
    public async Task Mosquitto_SharesASubscription(string version)
    {
        var broker = await StartAsync();
        await broker.PublishAsync(new() { Topic = "ready", Payload = "ready"u8.ToArray(), Retain = true });
        using var one = Run(broker, "mosquitto_sub", version, 1, "-t", "ready", "-t", "$share/group/jobs/+", "-F", "%p");
        using var two = Run(broker, "mosquitto_sub", version, 1, "-t", "ready", "-t", "$share/group/jobs/+", "-F", "%p");
        Process[] members = [one, two];
        foreach (var member in members)
            Assert.Equal("ready", await ReadLineAsync(member)); // so both subscriptions stand
        using var publisher = Run(broker, "mosquitto_pub", version, 1, "-t", "jobs/x", "-l");
        for (var number = 0; number < 100; number++)
            await publisher.StandardInput.WriteLineAsync($"job {number}");
        publisher.StandardInput.Close();
        await ExitAsync(publisher);

        var done = Channel.CreateUnbounded<(Process By, string Job)>();
        foreach (var member in members)
            _ = ForwardAsync(member, done.Writer);
        var jobs = new List<(Process By, string Job)>();
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        while (jobs.Count < 100)
            jobs.Add(await done.Reader.ReadAsync(timeout.Token));
        Assert.Equal(100, jobs.DistinctBy(job => job.Job).Count());
        Assert.Equal(2, jobs.DistinctBy(job => job.By).Count());
        foreach (var member in members)
            member.Kill();
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("5")]
    public async Task Mosquitto_ReadsTheBrokersFigures(string version)
    {
        var broker = await StartAsync();
        using var subscriber = Run(broker, "mosquitto_sub", version, 0, "-t", "$SYS/broker/clients/connected", "-C", "1", "-F", "%r %p");

        Assert.Equal("1 1", await ReadLineAsync(subscriber));
        await ExitAsync(subscriber);
    }

    [Theory]
    [InlineData("mqttv311")]
    [InlineData("5")]
    public async Task Mosquitto_WithAWrongPassword_IsRefused(string version)
    {
        var broker = await StartAsync(options => options.OnConnect = context => new(
            context.UserName == "u" && context.Password is { } password && Encoding.UTF8.GetString(password.Span) == "right"
                ? MqttReasonCode.Success
                : MqttReasonCode.BadUserNameOrPassword));
        using var right = Run(broker, "mosquitto_pub", version, 1, "-t", "t", "-m", "x", "-u", "u", "-P", "right");
        await ExitAsync(right);
        using var wrong = Run(broker, "mosquitto_pub", version, 1, "-t", "t", "-m", "x", "-u", "u", "-P", "wrong");

        using var timeout = new CancellationTokenSource(TestClient.Patience);
        await wrong.WaitForExitAsync(timeout.Token);
        Assert.NotEqual(0, wrong.ExitCode);
    }

    private static Process Run(MqttBroker broker, string program, string version, int qos, params string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        string[] common = ["-h", "127.0.0.1", "-p", $"{broker.EndPoint.Port}", "-V", version, "-q", $"{qos}"];
        foreach (var argument in common.Concat(arguments))
            start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException($"{program} cannot be started. These tests need Debian's mosquitto-clients (apt-get install mosquitto-clients).", exception);
        }
    }

    private static async Task ForwardAsync(Process process, ChannelWriter<(Process By, string Job)> to)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            to.TryWrite((process, line));
    }

    private static async Task<string> ReadLineAsync(Process process)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        return await process.StandardOutput.ReadLineAsync(timeout.Token)
            ?? throw new InvalidOperationException($"{process.StartInfo.FileName} ended: {await process.StandardError.ReadToEndAsync(timeout.Token)}");
    }

    private static async Task ExitAsync(Process process)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        Assert.True(process.ExitCode == 0, await process.StandardError.ReadToEndAsync(timeout.Token));
    }
}
