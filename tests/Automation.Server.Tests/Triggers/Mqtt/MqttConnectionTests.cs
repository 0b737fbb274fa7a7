using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>Triggers on a named connection, against the real mosquitto.</summary>
public sealed class MqttConnectionTests : ConnectionRig
{
    [Theory]
    [InlineData("auto", "5.0")]
    [InlineData("3.1.1", "3.1.1")]
    public async Task Message_StartsARun_WithItsSourceAndLevels(string version, string shown)
    {
        var server = await ServerAsync(("ProtocolVersion", version));
        var run = await RunOfAsync(server, Listening("rooms/{room}/t", "[event.source, event.params.room, event.topic, event.qos, event.retain, event.data]"), "rooms/kitchen/t", """{"c":9}""", "-q", "2");

        Assert.Equal("succeeded", run.State);
        Assert.Equal(["""["/mqtt/plant","kitchen","rooms/kitchen/t",2,false,{"c":9}]"""], await GotAsync(server, 1));
        Assert.Equal(shown, (await ShownAsync(server))["protocolVersion"]!.GetValue<string>());
    }

    [Fact]
    public async Task EachBroker_HasItsOwnMessages()
    {
        var server = await ServerAsync();
        await ListenAsync(server, Listening("#"));
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "#" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/embedded" } } }""");
        await Mosquitto.PublishAsync(server.MqttPort, "here", "1", "-q", "1");
        await PublishAsync("there", "2");

        Assert.Equal("1", (await server.Receiver.NextAsync("/embedded")).Body);
        Assert.Equal(["2"], await GotAsync(server, 1));
        Assert.Equal(2, server.Count("SELECT count(*) FROM events"));
    }

    [Theory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task OverlappingFilters_StartEachTriggerOnce(string version)
    {
        var server = await ServerAsync(("ProtocolVersion", version));
        foreach (var filter in (string[])["a/#", "a/+", "a/{x}", "+/b"]) await ListenAsync(server, Listening(filter, $"'{filter}'"));
        await PublishAsync("a/b", "1");
        await PublishAsync("a", "last"); // matches the first only

        Assert.Equal(["\"+/b\"", "\"a/#\"", "\"a/#\"", "\"a/+\"", "\"a/{x}\""], (await GotAsync(server, 5)).Order(StringComparer.Ordinal));
        Assert.Equal(5, server.Count("SELECT count(*) FROM runs"));
        Assert.Equal(["+/b", "a/#", "a/+"], Connection(server).Subscriptions.Select(s => s.Filter)); // a/{x} is a/+
    }

    [Fact]
    public async Task Subscriptions_FollowTheWorkflows_WithTheHighestQos()
    {
        var server = await ServerAsync();
        var first = await ListenAsync(server, Listening("t", trigger: """, "qos": 0"""));
        await ListenAsync(server, Listening("t", trigger: """, "qos": 1"""));
        await WorkflowServer.UntilAsync(() => Connection(server).Subscriptions is [{ Qos: 1, Answer: Automation.Mqtt.MqttReasonCode.GrantedQoS1, Triggers.Count: 2 }]);

        await server.ChangeAsync(first, Listening("other"));
        await WorkflowServer.UntilAsync(() => Connection(server).Subscriptions is [{ Filter: "other", Answer: not null }, { Filter: "t", Triggers.Count: 1 }]);
        File.Delete(Path.Combine(server.Folder, "workflows", first + ".json"));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        await WorkflowServer.UntilAsync(() => Broker.Said("\tother")); // UNSUBSCRIBE lists its filters

        Assert.Equal(["t"], (await ShownAsync(server))["subscriptions"]!.AsArray().Select(s => s!["filter"]!.GetValue<string>()));
    }

    [Fact]
    public async Task BrokerThatIsDownAtTheStart_IsFoundWhenItIsThere()
    {
        await Broker.KillAsync();
        var server = await DisconnectedServerAsync();
        await server.AddAsync(Listening("t"));
        await WorkflowServer.UntilAsync(() => Connection(server).Reason is not null);
        var down = await ShownAsync(server);
        var ready = await server.GetAsync("/health/ready");

        Assert.Contains(down["state"]!.GetValue<string>(), (string[])["waiting", "connecting"]);
        Assert.Contains("refused", down["reason"]!.GetValue<string>(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("pending", down["subscriptions"]![0]!["state"]!.GetValue<string>());
        Assert.Equal(("ready", "Not connected: plant. /api/mqtt/connections says why."), (ready["status"]!.GetValue<string>(), ready["problems"]![0]!["problem"]!.GetValue<string>()));

        await Broker.StartAsync();
        await ConnectedAsync(server);
        await SubscribedAsync(server);
        await PublishAsync("t", "1");
        Assert.Equal(["1"], await GotAsync(server, 1));
        Assert.Empty((await server.GetAsync("/health/ready"))["problems"]!.AsArray());
    }

    [Fact]
    public async Task BrokerThatIsKilled_IsFoundAgain_WithItsSubscriptions()
    {
        var server = await ServerAsync();
        await ListenAsync(server, Listening("t/#"));
        await Broker.KillAsync();
        await WorkflowServer.UntilAsync(() => Connection(server).Status.Server is null);
        foreach (var file in Directory.GetFiles(Broker.Folder, "*.db")) File.Delete(file); // it has lost the session
        await Broker.StartAsync();
        await ConnectedAsync(server);
        await WorkflowServer.UntilAsync(() => Broker.Log.Count(line => line.Contains("t/# (QoS 2)", StringComparison.Ordinal)) >= 2);
        await PublishAsync("t/1", "1");
        Assert.Equal(["1"], await GotAsync(server, 1));
    }

    [Theory]
    [InlineData("5.0", 1)]
    [InlineData("5.0", 2)]
    [InlineData("3.1.1", 1)]
    [InlineData("3.1.1", 2)]
    public async Task MessagesWhileTheServerWasDown_ArriveOnceEach(string version, int qos)
    {
        var server = await ServerAsync(("ProtocolVersion", version));
        await ListenAsync(server, Listening("t"));
        await server.StopAsync();
        using (var publisher = Mosquitto.PublishLines(Broker.Port, "t", qos, Enumerable.Range(0, 50).Select(i => $"{i}"))) await publisher.EndAsync();
        await server.StartAsync();
        await ConnectedAsync(server);

        Assert.True(Connection(server).Status.Server!.SessionPresent);
        Assert.Equal(Enumerable.Range(0, 50), (await GotAsync(server, 50)).Select(int.Parse).Order());
        Assert.Equal(50, server.Count("SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task FilterThatWasDroppedWhileTheServerWasDown_IsUnsubscribed()
    {
        var server = await ServerAsync();
        var id = await ListenAsync(server, Listening("old"));
        await ListenAsync(server, Listening("kept"));
        await server.StopAsync();
        File.Delete(Path.Combine(server.Folder, "workflows", id + ".json"));
        await server.StartAsync();

        await WorkflowServer.UntilAsync(() => Broker.Said("Received UNSUBSCRIBE"));
        await WorkflowServer.UntilAsync(() => Broker.Said("\told"));
    }

    [Fact]
    public async Task Message_IsAcknowledged_OnlyAfterTheCommit()
    {
        var server = await ServerAsync(("ReceiveMaximum", "3"));
        await ListenAsync(server, Listening("t"));
        using (Locked(server))
        {
            using (var publisher = Mosquitto.PublishLines(Broker.Port, "t", 1, Enumerable.Range(0, 10).Select(i => $"{i}"))) await publisher.EndAsync();
            await WorkflowServer.UntilAsync(() => Connection(server).WaitingMessages == 3); // no more are sent than may wait
            Assert.False(Broker.Said($"Received PUBACK from {Connection(server).ClientId}"));
        }

        Assert.Equal(Enumerable.Range(0, 10), (await GotAsync(server, 10)).Select(int.Parse).Order());
        await WorkflowServer.UntilAsync(() => Broker.Log.Count(line => line.Contains($"Received PUBACK from {Connection(server).ClientId}", StringComparison.Ordinal)) == 10);
        Assert.Equal(10, server.Count("SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task MessageThatTheDatabaseNeverTakes_IsAcknowledgedWithAnError_AndCounted()
    {
        var server = await ServerAsync();
        await ListenAsync(server, Listening("t/#"));
        server.Database.RefuseEvents("subject", "t/bad");
        await PublishAsync("t/bad", "1");
        await PublishAsync("t/good", "2");

        Assert.Equal(["2"], await GotAsync(server, 1));
        await WorkflowServer.UntilAsync(() => Broker.Said("RC:131)")); // 0x83, implementation specific error
        Assert.Equal(1, (await ShownAsync(server))["refusedMessages"]!.GetValue<int>());
        Assert.Contains(server.Logged, line => line.StartsWith("Error 2123", StringComparison.Ordinal) && line.Contains("t/bad", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ServersWithOneShareName_GetEachMessageOnce()
    {
        var first = await ServerAsync(("ShareName", "workers"));
        var second = await ServerAsync(("ShareName", "workers"));
        foreach (var server in (WorkflowServer[])[first, second]) await ListenAsync(server, Listening("jobs"));
        Assert.Equal(["$share/workers/jobs"], Connection(first).Subscriptions.Select(s => s.Filter));
        using (var publisher = Mosquitto.PublishLines(Broker.Port, "jobs", 1, Enumerable.Range(0, 100).Select(i => $"{i}"))) await publisher.EndAsync();

        await WorkflowServer.UntilAsync(() => Events(first) + Events(second) >= 100);
        var got = new List<string>();
        foreach (var server in (WorkflowServer[])[first, second]) got.AddRange(await GotAsync(server, (int)Events(server)));
        Assert.Equal(Enumerable.Range(0, 100), got.Select(int.Parse).Order());
        Assert.True(Events(first) > 0 && Events(second) > 0);

        static long Events(WorkflowServer server) => server.Count("SELECT count(*) FROM events");
    }

    [Fact]
    public async Task RefusedSubscription_IsShownWithItsReason()
    {
        // mosquitto's file of rules lets everybody subscribe; the embedded broker does not.
        await using var strict = await WorkflowServer.StartAsync(("Mqtt:DenySubscribe:0", "closed/#"));
        await using var server = await WorkflowServer.StartAsync(("Mqtt:Connections:plant:Server", $"mqtt://127.0.0.1:{strict.MqttPort}"));
        await ConnectedAsync(server);
        await ListenAsync(server, Listening("open/a"));
        await ListenAsync(server, Listening("closed/a"));

        var shown = (await ShownAsync(server))["subscriptions"]!.AsArray().ToDictionary(s => s!["filter"]!.GetValue<string>(), s => (s!["state"]!.GetValue<string>(), s["grantedQos"]?.GetValue<int>(), s["reason"]?.GetValue<string>()));
        Assert.Equal(("granted", 2, null), shown["open/a"]);
        Assert.Equal(("refused", null, "refused without a reason (0x80)"), shown["closed/a"]);
        Assert.Contains(server.Logged, line => line.StartsWith("Warning 2122", StringComparison.Ordinal) && line.Contains("closed/a", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task WrongPassword_IsShownWithoutIt_AndARightOneIsTakenWithoutARestart(string version)
    {
        await using var strict = await MosquittoServer.StartAsync(folder =>
        {
            File.WriteAllText(Path.Combine(folder, "passwords"), "me:the-right-one\n");
            using var hash = System.Diagnostics.Process.Start("mosquitto_passwd", ["-U", Path.Combine(folder, "passwords")]);
            hash.WaitForExit();
            return $"allow_anonymous false\npassword_file {folder}/passwords";
        });
        var data = Directory.CreateTempSubdirectory("secrets").FullName;
        File.WriteAllText(Path.Combine(data, "PLANT_PASSWORD"), "the-wrong-one");
        await using var server = await WorkflowServer.StartAsync(
            ("Mqtt:Connections:plant:Server", strict.Address), ("Mqtt:Connections:plant:UserName", "me"), ("Mqtt:Connections:plant:PasswordSecret", "PLANT_PASSWORD"),
            ("Mqtt:Connections:plant:ProtocolVersion", version), ("Mqtt:Connections:plant:MaxReconnectDelay", "00:00:01"), ("Secrets:Folder", data));
        await WorkflowServer.UntilAsync(() => Connection(server).Reason is not null);

        var shown = (await ShownAsync(server)).ToJsonString();
        Assert.Contains("not authorized (0x87)", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("the-wrong-one", shown + string.Join('\n', server.Logged), StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(data, "PLANT_PASSWORD"), "the-right-one");
        await ConnectedAsync(server);
        Assert.DoesNotContain("the-right-one", (await ShownAsync(server)).ToJsonString() + string.Join('\n', server.Logged), StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task ClientCertificate_LetsTheConnectionIn()
    {
        await using var strict = await MosquittoServer.StartAsync(folder =>
        {
            var file = Certificate(folder);
            return $"allow_anonymous true\ncafile {file}\ncertfile {file}\nkeyfile {file}\nrequire_certificate true";
        });
        var certificate = Path.Combine(strict.Folder, "both.pem");
        (string, string)[] trusting =
        [
            ("Mqtt:Connections:plant:Server", $"mqtts://127.0.0.1:{strict.Port}"), ("Mqtt:Connections:plant:Tls:AuthorityFile", certificate), ("Mqtt:Connections:plant:Tls:ServerName", "localhost"),
        ];
        await using var stranger = await WorkflowServer.StartAsync(trusting);
        await using var server = await WorkflowServer.StartAsync([.. trusting, ("Mqtt:Connections:plant:Tls:CertificateFile", certificate), ("Mqtt:Connections:plant:Tls:CertificateKeyFile", certificate)]);
        await ConnectedAsync(server);
        await WorkflowServer.UntilAsync(() => Connection(stranger).Reason is not null);
        Assert.Null(Connection(stranger).Status.Server);
    }

    [Fact]
    public async Task UnknownConnection_IsAProblemOfTheFile_WithASuggestion()
    {
        var server = await ServerAsync();
        server.Write(("typo.json", Listening("t").Replace("\"plant\"", "\"palnt\"", StringComparison.Ordinal)));
        server.Write(("step.json", """{ "steps": { "p": { "type": "mqtt.publish", "topic": "t", "connection": "office" } } }"""));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);

        var workflows = server.Get<WorkflowCatalog>().Current.Workflows;
        var problem = Assert.Single(workflows["typo"].Problems);
        Assert.Equal(("/triggers/m/connection", "There is no MQTT connection \"palnt\" on this server. Did you mean \"plant\"?"), (problem.Pointer, problem.Message));
        Assert.Equal("/steps/p/connection", Assert.Single(workflows["step"].Problems).Pointer);
        using var unknown = await server.Http.GetAsync(new Uri("/api/mqtt/connections/palnt", UriKind.Relative));
        Assert.Equal(404, (int)unknown.StatusCode);
    }

    private static string Certificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(100));
        var file = Path.Combine(folder, "both.pem");
        File.WriteAllText(file, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        return file;
    }
}
