using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Conformance;

/// <summary>The numbered statements of both specifications, played over raw sockets. After each a good client is served.</summary>
public sealed class ConformanceTests : BrokerTestBase
{
    private const string GoodClients =
        "x connect5; x sub good/# 1; y connect4; y > 32[\"good/news\" 0001 'hello']; y < 40[0001]; x < 32[\"good/news\" 0001 {} 'hello']; x > 40[0001]; x leave; y leave";

    public static TheoryData<string, string, string> Version5 => Rows("MQTT 5", Statements5.Rows);

    public static TheoryData<string, string, string> Version311 => Rows("MQTT 3.1.1", Statements311.Rows);

    public static TheoryData<string, string, string> Malformed => Rows("", MalformedInputs.Rows);

    [Theory]
    [MemberData(nameof(Version5))]
    [MemberData(nameof(Version311))]
    [MemberData(nameof(Malformed))]
    public async Task Statement(string number, string what, string script)
    {
        var broker = await StartOnManualTimeAsync(options =>
        {
            options.ReceiveMaximum = 3;
            options.ResponseInformation = "answers/{clientid}";
            options.DenySubscribe = [TopicFilter.TryParse("denied/#", out var filter) ? filter : throw new InvalidOperationException()];
        });
        using var conversation = new Script(broker, Time);

        await conversation.PlayAsync(script);

        using var good = new Script(broker, Time);
        await good.PlayAsync(GoodClients);
        Assert.True(Errors.Count == 0, $"{number} {what}: {string.Join("; ", Errors)}");
    }

    [Fact]
    public void TheTables_AreLarge()
    {
        Assert.InRange(Statements5.Rows.DistinctBy(row => row.Statement).Count(), 80, 1000);
        Assert.InRange(Statements311.Rows.DistinctBy(row => row.Statement).Count(), 40, 1000);
        Assert.InRange(MalformedInputs.Rows.DistinctBy(row => row.Script).Count(), 60, 1000);
    }

    private static TheoryData<string, string, string> Rows(string prefix, IEnumerable<(string Statement, string What, string Script)> rows)
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (statement, what, script) in rows)
            data.Add($"{prefix} {statement}".Trim(), what, script);
        return data;
    }
}
