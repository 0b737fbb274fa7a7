using System.Net;
using Automation.Mqtt.Access;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Tests.Transport;

namespace Automation.Mqtt.Tests.Access;

/// <summary>Authentication and access in a broker, with mosquitto's clients where they can show it.</summary>
public sealed class AccessTests : BrokerTestBase, IDisposable
{
    private readonly ScratchFile _users = new($"anna:{PasswordHash.Create("right"u8)}");
    private readonly ScratchFile _rules = new("anna allow readwrite home/#", "* allow read open/#", "* allow write in/{username}", "* deny readwrite #");

    public void Dispose()
    {
        _users.Dispose();
        _rules.Dispose();
    }

    [Theory]
    [InlineData("mqttv311", "anna", "right", true)]
    [InlineData("5", "anna", "right", true)]
    [InlineData("mqttv311", "anna", "wrong", false)]
    [InlineData("5", "anna", "wrong", false)]
    [InlineData("5", "bert", "right", false)]
    [InlineData("5", null, null, false)]
    [InlineData("5", "anna", null, false)]
    public async Task Mosquitto_ComesInByItsPassword(string version, string? name, string? password, bool comesIn)
    {
        var broker = await StartGuardedAsync();
        string[] user = name is null ? [] : ["-u", name];
        string[] secret = password is null ? [] : ["-P", password];
        using var publisher = ClientProgram.Start(
            "mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{broker.EndPoint.Port}", "-V", version, .. user, .. secret, "-q", "1", "-t", "home/x", "-m", "x"]);
        if (comesIn)
            await publisher.SucceedAsync();
        else
            await publisher.FailAsync();
        Assert.Equal(comesIn ? 1 : 0, broker.Metrics.MessagesReceived);
        Assert.Equal(comesIn ? 0 : 1, broker.Metrics.ConnectsRefused);
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V5, "anna", "wrong", 0x86)]
    [InlineData(MqttProtocolVersion.V5, "", "right", 0x86)]
    [InlineData(MqttProtocolVersion.V5, null, "right", 0x86)]
    [InlineData(MqttProtocolVersion.V5, null, null, 0x87)]
    [InlineData(MqttProtocolVersion.V311, "anna", "wrong", 4)]
    [InlineData(MqttProtocolVersion.V311, "anna", null, 4)]
    [InlineData(MqttProtocolVersion.V311, null, null, 5)]
    public async Task WrongUser_IsToldWhy(MqttProtocolVersion version, string? name, string? password, byte code)
    {
        var broker = await StartGuardedAsync();
        await using var client = await TestClient.ConnectAsync(broker, Connect(version, name, password));

        Assert.Equal(code, client.Connack.ReturnCode);
        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task Publish_OutsideTheRules_Is0x87ForV5_AndDroppedFor311()
    {
        var broker = await StartGuardedAsync();
        await using var new5 = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "right"));
        await using var old = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V311, "anna", "right"));

        await new5.PublishAsync("away", qos: 1, packetId: 1, retain: true);
        Assert.Equal(MqttReasonCode.NotAuthorized, (await new5.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await new5.PublishAsync("away", qos: 2, packetId: 2, retain: true);
        Assert.Equal(MqttReasonCode.NotAuthorized, (await new5.ExpectAckAsync(PacketType.Pubrec, 2)).ReasonCode);
        await old.PublishAsync("away", qos: 1, packetId: 1, retain: true);
        await old.ExpectAckAsync(PacketType.Puback, 1);
        await old.PublishAsync("away", qos: 2, packetId: 2, retain: true);
        await old.ExpectAckAsync(PacketType.Pubrec, 2);
        await old.SendAsync(new AckPacket(PacketType.Pubrel) { PacketId = 2 });
        await old.ExpectAckAsync(PacketType.Pubcomp, 2);
        await old.PublishAsync("away", retain: true);
        await old.ExpectNothingAsync();

        Assert.Equal((5, 0), (broker.Metrics.MessagesRefused, broker.RetainedCount));
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V5, 0x87)]
    [InlineData(MqttProtocolVersion.V311, 0x80)]
    public async Task Subscribe_OutsideTheRules_IsRefused(MqttProtocolVersion version, byte code)
    {
        var broker = await StartGuardedAsync();
        await using var client = await TestClient.ConnectAsync(broker, Connect(version, "anna", "right"));
        var suback = await client.SubscribeAsync(new SubscriptionRequest("#", 0), new SubscriptionRequest("home/+", 0), new SubscriptionRequest("+/x", 0));

        Assert.Equal([(MqttReasonCode)code, MqttReasonCode.Success, (MqttReasonCode)code], suback.ReasonCodes);
    }

    [Theory]
    [InlineData("away", 0x87)]
    [InlineData("home/gone", 0)]
    [InlineData("in/anna", 0)]
    public async Task Will_OutsideTheRules_RefusesTheConnect(string topic, byte code)
    {
        var broker = await StartGuardedAsync();
        await using var client = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "right", new() { Topic = topic, Payload = [1] }));

        Assert.Equal(code, client.Connack.ReturnCode);
    }

    [Fact]
    public async Task AnonymousClients_WhereAllowed_HaveNoName_WhateverTheyCallThemselves()
    {
        var broker = await StartGuardedAsync(new() { Anonymous = MqttAnonymousAccess.Everyone });
        await using var client = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "wrong"));
        Assert.Equal(0, client.Connack.ReturnCode);
        Assert.Null(Assert.Single(broker.Sessions.List(new() { Limit = 10 })).UserName);

        await client.PublishAsync("home/x", qos: 1, packetId: 1);
        Assert.Equal(MqttReasonCode.NotAuthorized, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        Assert.Equal([MqttReasonCode.Success], (await client.SubscribeAsync("open/#")).ReasonCodes);
    }

    [Theory]
    [InlineData(MqttAnonymousAccess.ThisMachineWithoutPasswords, "127.0.0.1", false, true)]
    [InlineData(MqttAnonymousAccess.ThisMachineWithoutPasswords, "::1", false, true)]
    [InlineData(MqttAnonymousAccess.ThisMachineWithoutPasswords, "192.0.2.1", false, false)]
    [InlineData(MqttAnonymousAccess.ThisMachineWithoutPasswords, "127.0.0.1", true, false)]
    [InlineData(MqttAnonymousAccess.Nobody, "127.0.0.1", false, false)]
    [InlineData(MqttAnonymousAccess.Everyone, "192.0.2.1", true, true)]
    public async Task AnonymousClients_ComeInWhereTheRuleSaysSo(MqttAnonymousAccess rule, string address, bool hasPasswords, bool comesIn)
    {
        using var passwords = hasPasswords ? new PasswordFile(_users.Path) : null;
        var authentication = new MqttAuthentication { Passwords = passwords, Anonymous = rule };
        var context = new MqttConnectContext { ClientId = "c", RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };

        Assert.Equal(comesIn ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized, await authentication.AuthenticateAsync(context));
    }

    [Fact]
    public async Task ClientThatIsNotWelcomeAnyMoreWhenItHasItsSession_IsRefused()
    {
        var broker = await StartAsync(options => options.OnConnect = context =>
        {
            context.IsStillWelcome = () => false; // changed while its password was checked
            return new(MqttReasonCode.Success);
        });
        await using var client = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "right", new() { Topic = "gone", Payload = [1], Retain = true }));

        Assert.Equal((byte)MqttReasonCode.NotAuthorized, client.Connack.ReturnCode);
        await client.ExpectClosedAsync();
        Assert.Equal(0, broker.RetainedCount);
    }

    [Fact]
    public async Task Review_DisconnectsWhoIsNotWelcomeAnyMore_AndNobodyElse()
    {
        var isWelcome = true;
        var broker = await StartAsync(options => options.OnConnect = context =>
        {
            if (context.UserName == "anna")
                context.IsStillWelcome = () => Volatile.Read(ref isWelcome);
            return new(MqttReasonCode.Success);
        });
        await using var anna = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "right"));
        await using var bert = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "bert", "right", id: "bert"));
        Volatile.Write(ref isWelcome, false);
        broker.ReviewClients();

        await anna.ExpectDisconnectAsync(MqttReasonCode.NotAuthorized);
        await bert.SubscribeAsync("t");
    }

    [Theory]
    [InlineData("new password", false)]
    [InlineData("kept out", false)]
    [InlineData("gone", false)]
    [InlineData("other topics", true)]
    public async Task User_IsWelcomeAsLongAsThePasswordThatWasChecked(string change, bool isWelcome)
    {
        using var users = new MqttUsers();
        var user = new MqttUser("anna", PasswordHash.Create("right"u8), ["#"], []);
        users.Use([user]);
        var context = new MqttConnectContext { ClientId = "c", RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1), UserName = "anna", Password = "right"u8.ToArray() };
        Assert.Equal(MqttReasonCode.Success, await new MqttAuthentication { Users = users }.AuthenticateAsync(context));
        Assert.True(context.IsStillWelcome!());

        users.Use(change switch
        {
            "new password" => [user with { Password = PasswordHash.Create("other"u8) }],
            "kept out" => [user with { Enabled = false }],
            "gone" => [],
            _ => [user with { Publish = ["a"] }],
        });

        Assert.Equal(isWelcome, context.IsStillWelcome());
    }

    [Theory]
    [InlineData("CN=anna", true)]
    [InlineData("CN=anna,O=Example", true)]
    [InlineData("O=anna", false)]
    [InlineData("CN=anna,CN=bert", false)]
    public async Task CertificatesCommonName_IsTheUser_WhateverTheConnectSays(string subject, bool comesIn)
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("server", "CN=localhost");
        var broker = await StartGuardedAsync(new(), options => options.Listeners.Add(new()
        {
            EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Tls = new() { CertificateFile = certificate, KeyFile = key, ClientAuthorityFile = authority.CertificateFile, RequireClientCertificate = true },
        }));
        var (own, ownKey) = authority.Issue("client", subject, isForClients: true);
        string[] common =
        [
            "-h", "localhost", "-p", $"{((IPEndPoint)broker.ListenerEndPoints[0]).Port}", "-V", "5", "--cafile", authority.CertificateFile,
            "--cert", own, "--key", ownKey, "-u", "bert", "-P", "any", "-q", "1",
        ];
        using var publisher = ClientProgram.Start("mosquitto_pub", [.. common, "-t", "in/anna", "-m", "x", "-r"]);
        if (comesIn)
            await publisher.SucceedAsync();
        else
            await publisher.FailAsync();
        Assert.Equal(comesIn ? 1 : 0, broker.RetainedCount);
    }

    [Theory]
    [InlineData("anna", true)]
    [InlineData("bert", false)]
    [InlineData(null, false)]
    public async Task Session_IsGivenBackToItsOwnUserOnly(string? name, bool isPresent)
    {
        var broker = await StartAsync(options => options.OnConnect = _ => new(MqttReasonCode.Success));
        await using (var first = await TestClient.ConnectAsync(broker, Lasting("anna")))
        {
            await first.SubscribeAsync("t", 1);
        }

        await Eventually.IsAsync(() => broker.Sessions.List(new() { IsConnected = true, Limit = 10 }).Count == 0);
        await broker.PublishAsync(new() { Topic = "t", QualityOfService = MqttQualityOfService.AtLeastOnce });
        await using var second = await TestClient.ConnectAsync(broker, Lasting(name));
        Assert.Equal(isPresent, second.Connack.SessionPresent);
        if (isPresent)
            await second.ExpectPublishAsync("t");
        else
            await second.ExpectNothingAsync();
    }

    [Fact]
    public async Task PasswordsThatWait_DoNotHoldUpClientsThatAreConnected()
    {
        var broker = await StartGuardedAsync(configure: options => options.ConnectTimeout = TimeSpan.FromMinutes(5));
        await using var client = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "right"));
        var flood = Enumerable.Range(0, 5)
            .Select(number => TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", $"wrong {number}", id: $"f{number}")))
            .ToList();

        await client.PublishAsync("home/x", qos: 1, packetId: 1);
        await client.ExpectAckAsync(PacketType.Puback, 1);
        await using var again = await TestClient.ConnectAsync(broker, Connect(MqttProtocolVersion.V5, "anna", "right", id: "again"));
        Assert.Equal(0, again.Connack.ReturnCode);
        foreach (var refused in await Task.WhenAll(flood))
        {
            Assert.Equal(0x86, refused.Connack.ReturnCode);
            await refused.DisposeAsync();
        }
    }

    [Fact]
    public async Task ChangedRules_HoldForSubscriptionsThatAreThere_AndForThoseOfAbsentClients()
    {
        using var rules = new ScratchFile("* allow readwrite #");
        using var access = new AccessFile(rules.Path, time: Time);
        var broker = await StartOnManualTimeAsync(options => options.OnSubscribe = access.AuthorizeSubscribe);
        Task? review = null;
        access.Changed = () => review = broker.ReviewSubscriptionsAsync();
        await using (var absent = await TestClient.ConnectAsync(broker, "absent", properties: new() { SessionExpiryInterval = 600 }))
            await absent.SubscribeAsync("secret/#", 1);
        await Eventually.IsAsync(() => broker.Sessions.Find("absent") is { Client: null });
        await using var client = await TestClient.ConnectAsync(broker, "here");
        await client.SubscribeAsync("secret/#");
        await client.SubscribeAsync("open/#");

        await ChangeAsync("* deny read secret/#", "* allow readwrite #");
        await PublishBothAsync();
        await client.ExpectPublishAsync("open/1");
        await client.ExpectNothingAsync();
        Assert.Equal(0, broker.Sessions.Find("absent")!.QueuedMessages);
        Assert.Equal(["secret/#", "secret/#"], broker.Sessions.Subscriptions(new() { Limit = 9 }).Items.Where(item => !item.IsAllowed).Select(item => item.Filter.Text));

        await ChangeAsync("* allow readwrite #");
        await PublishBothAsync();
        await client.ExpectPublishAsync("secret/1");
        await client.ExpectPublishAsync("open/1");
        Assert.Equal(1, broker.Sessions.Find("absent")!.QueuedMessages);

        async Task ChangeAsync(params string[] lines)
        {
            review = null;
            rules.Write(lines);
            Time.Advance(TimeSpan.FromSeconds(2)); // nobody publishes or subscribes: the file is looked at all the same
            await Eventually.IsAsync(() => review is { IsCompletedSuccessfully: true });
        }

        async Task PublishBothAsync()
        {
            foreach (var topic in (string[])["secret/1", "open/1"])
                await broker.PublishAsync(new MqttApplicationMessage { Topic = topic, QualityOfService = MqttQualityOfService.AtLeastOnce });
        }
    }

    private static ConnectPacket Lasting(string? name) =>
        new() { Version = MqttProtocolVersion.V5, ClientId = "c", UserName = name, Properties = new() { SessionExpiryInterval = 600 } };

    private static ConnectPacket Connect(MqttProtocolVersion version, string? name, string? password, WillFields? will = null, string id = "c") => new()
    {
        Version = version,
        ClientId = version == MqttProtocolVersion.V5 ? id : id + "-311",
        CleanStart = true,
        UserName = name,
        Password = password is null ? null : System.Text.Encoding.UTF8.GetBytes(password),
        Will = will,
    };

    private Task<MqttBroker> StartGuardedAsync(MqttAuthentication? authentication = null, Action<MqttBrokerOptions>? configure = null) => StartAsync(options =>
    {
        authentication ??= new() { Passwords = new(_users.Path) };
        var access = new AccessFile(_rules.Path);
        options.OnConnect = authentication.AuthenticateAsync;
        options.AuthorizePublish = access.AuthorizePublish;
        options.OnSubscribe = access.AuthorizeSubscribe;
        configure?.Invoke(options);
    });
}
