using Automation.Mqtt.Tests.Transport;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>mqtt.js against this broker.</summary>
public sealed class MqttJsTests : BrokerTestBase
{
    [Fact]
    public async Task MqttJs_UsesWhatMqtt5Has()
    {
        using var authority = new TestAuthority();
        var broker = await StartAsync();
        using var client = NodeClient.Start("features.mjs", authority, [$"mqtt://127.0.0.1:{broker.EndPoint.Port}"]);

        Assert.Equal("topics sent alias/long/topic - -", await client.ReadLineAsync());
        Assert.Equal("topics seen alias/long/topic=1 alias/long/topic=2 alias/long/topic=3", await client.ReadLineAsync());
        Assert.Equal("identifiers 7 7 7", await client.ReadLineAsync());
        Assert.Equal("jobs 5 5", await client.ReadLineAsync());
        Assert.Equal("properties text/plain r c {\"a\":[\"1\",\"2\"],\"b\":\"3\"}", await client.ReadLineAsync());
        await client.SucceedAsync();
        Assert.Empty(Errors);
    }

    [Theory]
    [InlineData("4")]
    [InlineData("5")]
    public async Task MqttJs_SendsABurst_WithoutCountingWhatIsUnacknowledged(string version)
    {
        using var authority = new TestAuthority();
        var broker = await StartAsync();
        using var client = NodeClient.Start("burst.mjs", authority, [$"mqtt://127.0.0.1:{broker.EndPoint.Port}", version, "100"]);
        Assert.Equal("all came", await client.ReadLineAsync());
        await client.SucceedAsync();
        Assert.Empty(Errors);
    }
}
