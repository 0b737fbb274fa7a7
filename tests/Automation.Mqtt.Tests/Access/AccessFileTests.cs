using System.Net;
using Automation.Mqtt.Access;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Access;

public sealed class AccessFileTests
{
    [Theory]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/c", false)]
    [InlineData("a/+", "a/b", true)]
    [InlineData("a/+", "a/b/c", false)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("#", "a/b", true)]
    [InlineData("#", "$SYS/a", false)]
    [InlineData("+/a", "$SYS/a", false)]
    [InlineData("$SYS/#", "$SYS/a", true)]
    [InlineData("d/{clientid}/#", "d/c1/x", true)]
    [InlineData("d/{clientid}/#", "d/c2/x", false)]
    [InlineData("u/{username}", "u/anna", true)]
    [InlineData("u/{username}", "u/c1", false)]
    public async Task Write_IsAllowed_WhereARuleSpeaksOfTheTopic(string rule, string topic, bool isAllowed)
    {
        using var file = new ScratchFile($"anna allow write {rule}");
        Assert.Equal(isAllowed, await MayWriteAsync(new(file.Path), topic, "c1", "anna"));
        Assert.False(await MayWriteAsync(new(file.Path), topic, "c1", "bert"));
        Assert.False(await MayWriteAsync(new(file.Path), topic, "c1", null));
        Assert.False(await MayReadAsync(new(file.Path), topic, "c1", "anna"));
    }

    [Theory]
    [InlineData("a/#", "a/#", true)]
    [InlineData("a/#", "a/+/c", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/+", "a/#", false)]
    [InlineData("a/+", "a/+", true)]
    [InlineData("a/b", "a/+", false)]
    [InlineData("a/b", "+/b", false)]
    [InlineData("#", "#", true)]
    [InlineData("#", "$SYS/#", false)]
    [InlineData("$SYS/#", "$SYS/+", true)]
    [InlineData("+/+", "#", false)]
    [InlineData("d/{clientid}/#", "d/c1/#", true)]
    [InlineData("d/{clientid}/#", "d/+/#", false)]
    [InlineData("a/#", "$share/g/a/b", true)]
    [InlineData("a/#", "$share/a/b", false)]
    public async Task Subscribe_IsAllowed_WhereARuleSpeaksOfEverythingItCanMatch(string rule, string filter, bool isAllowed)
    {
        using var file = new ScratchFile($"* allow read {rule}");
        Assert.Equal(isAllowed, await MayReadAsync(new(file.Path), filter, "c1", null));
    }

    [Theory]
    [InlineData("c/secret", "#", false)]
    [InlineData("c/secret", "c/+", false)]
    [InlineData("c/secret", "+/secret", false)]
    [InlineData("c/secret", "c/open", true)]
    [InlineData("c/#", "+", false)]
    [InlineData("c/+/x", "c/#", false)]
    [InlineData("$SYS/secret", "#", true)]
    public async Task Subscribe_IsDenied_WhereItCanMatchATopicThatAnEarlierRuleDenies(string denied, string filter, bool isAllowed)
    {
        using var file = new ScratchFile($"* deny read {denied}", "* allow readwrite #");
        Assert.Equal(isAllowed, await MayReadAsync(new(file.Path), filter, "c1", null));
    }

    [Theory]
    [InlineData("+")]
    [InlineData("#")]
    [InlineData("c1/x")]
    [InlineData("../c2")]
    [InlineData("a+b")]
    public async Task NamesWithWildcardsOrLevels_WidenNoRule(string name)
    {
        using var file = new ScratchFile("* allow readwrite id/{clientid}/#", "* allow readwrite user/{username}", "* deny readwrite open/{clientid}/config", "* allow readwrite open/#");
        var access = new AccessFile(file.Path);
        foreach (var topic in new[] { "id/c1/x", "id/c2/x", $"id/{name}/x", "user/anna", $"user/{name}", "open/c1/x/config", "open/x" }.Where(topic => TopicName.IsValid(topic)))
            Assert.False(await MayWriteAsync(access, topic, name, name), topic);
        foreach (var filter in new[] { "id/+/#", "id/#", $"id/{name}/#", $"id/{name}", "user/+", $"user/{name}", "open/c1/x/config", "open/x" })
            Assert.False(await MayReadAsync(access, filter, name, name), filter);

        Assert.True(await MayWriteAsync(access, "open/c1/x", "c1", "anna"));
        Assert.False(await MayWriteAsync(access, "open/c1/config", "c1", "anna"));
    }

    [Fact]
    public async Task NameThatBeginsWithADollar_DoesNotReachTheServersTopics()
    {
        using var file = new ScratchFile("* allow readwrite {username}/#");
        Assert.False(await MayWriteAsync(new(file.Path), "$SYS/x", "c", "$SYS"));
        Assert.False(await MayReadAsync(new(file.Path), "$SYS/#", "c", "$SYS"));
    }

    [Fact]
    public async Task FirstRuleThatSpeaks_Decides_WhoeverItIsFor()
    {
        using var file = new ScratchFile("# ours", "", "* deny write a/locked", "anna allow write a/#", "  * deny readwrite a/#  ", "\"anna b\" allow write a/x", "* allow write #");
        var access = new AccessFile(file.Path);
        Assert.False(await MayWriteAsync(access, "a/locked", "c", "anna"));
        Assert.True(await MayWriteAsync(access, "a/x", "c", "anna"));
        Assert.False(await MayWriteAsync(access, "a/x", "c", "bert"));
        Assert.False(await MayWriteAsync(access, "a/x", "c", "anna b")); // the rule before it speaks first
        Assert.True(await MayWriteAsync(access, "b", "c", null));
        Assert.False(await MayReadAsync(access, "b", "c", null));
        Assert.True(await MayWriteAsync(access, "b", "c", "*"));
    }

    [Fact]
    public async Task Subscription_ThatIsAllowed_MatchesNoTopicThatIsDenied()
    {
        string[] first = ["a", "b", "+", "$s"];
        string[] filters = [.. first, "#", .. first.SelectMany(level => new[] { "a", "b", "+", "#" }.Select(next => $"{level}/{next}"))];
        string[] topics = ["a", "b", "c", "$s", .. from one in new[] { "a", "b", "c", "$s" } from two in new[] { "a", "b", "c" } select $"{one}/{two}", "a/b/c", "$s/a/b"];
        var pairs = (from one in filters from two in filters select (Denied: one, Allowed: two)).ToList();
        using var file = new ScratchFile(pairs.SelectMany((pair, user) => new[] { $"{user} deny read {pair.Denied}", $"{user} allow read {pair.Allowed}" }));
        var access = new AccessFile(file.Path);
        var allowed = 0;
        foreach (var ((denied, granted), user) in pairs.Select((pair, user) => (pair, user)))
        {
            foreach (var filter in filters)
            {
                if (!await MayReadAsync(access, filter, "c", $"{user}"))
                    continue;
                allowed++;
                Assert.All(topics.Where(topic => Matches(filter, topic)), topic => Assert.True(Matches(granted, topic) && !Matches(denied, topic), $"{denied} {granted} {filter} {topic}"));
            }
        }

        Assert.True(allowed > 500, $"{allowed}");
    }

    [Theory]
    [InlineData("anna allow write")]
    [InlineData("anna permit write a")]
    [InlineData("anna allow publish a")]
    [InlineData("allow write a")]
    [InlineData("anna allow write a/#/b")]
    [InlineData("anna allow write a+")]
    [InlineData("anna allow write $share/g/a")]
    [InlineData("anna allow write a/x{clientid}")]
    [InlineData("anna allow write a/{client}")]
    [InlineData("\"*\" allow write a")]
    [InlineData("\"anna allow write a")]
    public void WrongLine_IsNamed(string line)
    {
        using var file = new ScratchFile("* allow read a", line);
        var exception = Assert.Throws<InvalidDataException>(() => new AccessFile(file.Path));
        Assert.Contains($"{file.Path}(2)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChangedFile_IsReadAfterASecond_AndAMistakeLeavesTheOldRules()
    {
        var time = new ManualTimeProvider();
        var errors = new List<string>();
        using var file = new ScratchFile("* allow write a");
        var access = new AccessFile(file.Path, (what, error) => errors.Add($"{what}: {error.Message}"), time);
        Assert.True(await MayWriteAsync(access, "a", "c", null));

        file.Write("* allow write other");
        Assert.True(await MayWriteAsync(access, "a", "c", null)); // not looked at yet
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await MayWriteAsync(access, "a", "c", null));

        file.Write("* allow everything");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await MayWriteAsync(access, "other", "c", null));
        Assert.Contains($"{file.Path}(1)", Assert.Single(errors), StringComparison.Ordinal);
    }

    private static bool Matches(string filter, string topic) => TopicFilter.TryParse(filter, out var parsed) && parsed.Matches(topic);

    private static async Task<bool> MayWriteAsync(AccessFile access, string topic, string clientId, string? userName)
    {
        var answer = await access.AuthorizePublish(new() { Client = Client(clientId, userName), Message = new() { Topic = topic } });
        Assert.True(answer is MqttReasonCode.Success or MqttReasonCode.NotAuthorized);
        return answer == MqttReasonCode.Success;
    }

    private static async Task<bool> MayReadAsync(AccessFile access, string filter, string clientId, string? userName) =>
        TopicFilter.TryParse(filter, out var parsed)
        && await access.AuthorizeSubscribe(new() { Client = Client(clientId, userName), Filter = parsed }) == MqttReasonCode.Success;

    private static MqttClientInfo Client(string clientId, string? userName) =>
        new(clientId, userName, MqttProtocolVersion.V5, new IPEndPoint(IPAddress.Loopback, 1), DateTimeOffset.UnixEpoch);
}
