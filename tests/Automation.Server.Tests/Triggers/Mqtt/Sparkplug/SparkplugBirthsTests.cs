using Automation.Mqtt;
using Automation.Server.Triggers.Mqtt.Sparkplug;
using static Automation.Server.Tests.Triggers.Mqtt.Sparkplug.Proto;

namespace Automation.Server.Tests.Triggers.Mqtt.Sparkplug;

public sealed class SparkplugBirthsTests
{
    private readonly SparkplugBirths births = new();

    [Fact]
    public void Births_NameTheAliasesOfTheirOwnDevice()
    {
        Born("NBIRTH/n", ("a", 1, 3));
        Born("DBIRTH/n/d", ("b", 1, 9));
        Assert.Equal([("a", SparkplugType.Int32), ("b", SparkplugType.Float), null, null], [NameOf("NDATA/n"), NameOf("DDATA/n/d"), NameOf("NDATA/other"), NameOf("DDATA/n/e")]);
    }

    [Fact]
    public void ABirth_ReplacesTheLastOne_AndAnEdgeNodesThoseOfItsDevices()
    {
        Born("NBIRTH/n", ("a", 1, 3));
        Born("DBIRTH/n/d", ("b", 1, 9));
        Born("DBIRTH/n/d", ("c", 2, 9));
        Assert.Null(NameOf("DDATA/n/d"));
        Born("DBIRTH/n/d", ("c", 1, 9));
        Born("NBIRTH/n", ("e", 1, 3));
        Assert.Null(NameOf("DDATA/n/d"));
        Assert.Equal(("e", SparkplugType.Int32), NameOf("NDATA/n"));
    }

    [Fact]
    public void ADamagedBirth_AndOtherMessages_ChangeNothing()
    {
        Born("NBIRTH/n", ("a", 1, 3));
        births.Learn(new MqttApplicationMessage { Topic = "spBv1.0/g/NBIRTH/n", Payload = new byte[] { 0xFF } });
        Born("NDATA/n", ("x", 1, 3));
        births.Learn(new MqttApplicationMessage { Topic = "other/g/NBIRTH/n", Payload = Metric(Text(1, "y"), Varint(2, 1)) });
        Assert.Equal(("a", SparkplugType.Int32), NameOf("NDATA/n"));
    }

    [Fact]
    public void Memory_HasALimit_AndTheOldestGoFirst()
    {
        var few = new SparkplugBirths(maxBytes: 4000);
        for (var node = 0; node < 100; node++) few.Learn(Message($"NBIRTH/n{node}", ("a", 1, 3)));
        Assert.Equal([false, true], [NameOf("NDATA/n0", few) is not null, NameOf("NDATA/n99", few) is not null]);
        few.Learn(Message("NBIRTH/big", (new string('x', 5000), 1, 3)));
        Assert.Null(NameOf("NDATA/big", few));
        few.Learn(Message("NBIRTH/small", ("a", 1, 3)));
        Assert.NotNull(NameOf("NDATA/small", few));
    }

    private static MqttApplicationMessage Message(string topic, (string Name, ulong Alias, ulong Type) metric) =>
        new() { Topic = "spBv1.0/g/" + topic, Payload = Metric(Text(1, metric.Name), Varint(2, metric.Alias), Varint(4, metric.Type)) };

    private void Born(string topic, (string Name, ulong Alias, ulong Type) metric) => births.Learn(Message(topic, metric));

    private (string Name, SparkplugType Type)? NameOf(string topic, SparkplugBirths? of = null) =>
        (of ?? births).Resolve(SparkplugTopic.Of("spBv1.0/g/" + topic)!, Metric(Varint(2, 1))).Aliases.TryGetValue(1, out var born) ? (born.Name, born.Type) : null;
}
