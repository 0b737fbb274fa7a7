using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary><c>mqtt.publish</c> and <c>mqtt.request</c> by a named connection, against the real mosquitto.</summary>
public sealed class MqttConnectionStepTests : ConnectionRig
{
    // A responder: answers each request on ask/# by its response topic and correlation data, as MQTT 5 §4.10 says.
    private const string Responder = """
        {
          "triggers": { "m": { "type": "mqtt", "connection": "plant", "topic": "ask/#" } },
          "steps": {
            "p": {
              "type": "mqtt.publish", "connection": "plant", "topic": "${event.properties.responseTopic}", "correlationData": "${event.properties.correlationData}",
              "userProperties": { "unit": "C" }, "payload": { "got": "${event.data}" }
            }
          }
        }
        """;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Publish_ReachesTheBroker_WithAllItsProperties(int qos)
    {
        var server = await ServerAsync();
        await ListenAsync(server, Listening("out/#", "[event.qos, event.data, event.properties]"));
        var run = await server.RunAsync($$"""
            {
              "steps": {
                "p": {
                  "type": "mqtt.publish", "connection": "plant", "topic": "out/a", "qos": {{qos}}, "payload": { "n": "${event.data.n}" }, "contentType": "application/json", "expiry": "2m",
                  "responseTopic": "answers", "correlationData": "AQL/", "userProperties": { "k": "${'v' + event.data.n}" }
                }
              }
            }
            """, """{"n":1}""");

        Assert.Equal("succeeded", run.State);
        Assert.Equal(
            [$$$"""[{{{qos}}},{"n":1},{"contentType":"application/json","responseTopic":"answers","correlationData":"AQL/","messageExpiryInterval":120,"user":{"k":["v1"],"idempotency-key":["{{{run.Id}}}.p"]}}]"""],
            await GotAsync(server, 1));
        if (qos > 0) Assert.True(Broker.Said($"Sending {(qos == 1 ? "PUBACK" : "PUBCOMP")} to {Connection(server).ClientId}"));
    }

    [Theory]
    [InlineData("{ \"base64\": \"AP+AAQ==\" }", "00ff8001")]
    [InlineData("\"plain\"", "706c61696e")]
    [InlineData("[1]", "5b315d")]
    public async Task Publish_SendsBytesIntact(string payload, string hex)
    {
        var server = await ServerAsync();
        using var subscriber = await Mosquitto.SubscribeAsync(Broker.Port, "bytes", format: "%x");
        await server.RunAsync($$"""{ "steps": { "p": { "type": "mqtt.publish", "connection": "plant", "topic": "bytes", "payload": {{payload}} } } }""");
        Assert.Equal(hex, await subscriber.LineAsync());
    }

    [Fact]
    public async Task Publish_ThatTheBrokerRefuses_FailsWithItsReason_Once()
    {
        await using var strict = await MosquittoServer.StartAsync(folder =>
        {
            File.WriteAllText(Path.Combine(folder, "acl"), "topic readwrite open/#\n");
            return $"allow_anonymous true\nacl_file {folder}/acl";
        });
        await using var server = await WorkflowServer.StartAsync(("Mqtt:Connections:plant:Server", strict.Address));
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "connection": "plant", "topic": "closed/a", "retry": { "attempts": 3, "initial": "1ms" } } } }""");

        Assert.Equal(("mqtt_refused", 1), (run.ErrorCode, run["p"]["attempts"]!.GetValue<int>()));
        Assert.Equal("The broker of the MQTT connection \"plant\" refused the message on \"closed/a\": not authorized (0x87).", run["p"]["error"]!["message"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("mqtt.publish")]
    [InlineData("mqtt.request")]
    public async Task Step_WithoutAConnection_SaysWhyThereIsNone_AndIsTriedAgain(string type)
    {
        await Broker.KillAsync();
        var server = await DisconnectedServerAsync();
        await WorkflowServer.UntilAsync(() => Connection(server).Reason is not null);
        var run = await server.RunAsync($$"""{ "steps": { "p": { "type": "{{type}}", "connection": "plant", "topic": "t", "timeout": "100ms", "retry": { "attempts": 2, "initial": "1ms" } } } }""");

        Assert.Equal(("mqtt_not_connected", 2), (run.ErrorCode, run["p"]["attempts"]!.GetValue<int>()));
        var message = run["p"]["error"]!["message"]!.GetValue<string>();
        Assert.StartsWith("The MQTT connection \"plant\" is not connected (", message, StringComparison.Ordinal);
        Assert.Contains("refused", message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, Connection(server).Queued.Messages); // what was not sent was taken back
    }

    [Fact]
    public async Task Publish_WaitsForTheBroker_AndIsDoneWhenItIsBack()
    {
        var server = await ServerAsync();
        await Broker.KillAsync();
        await WorkflowServer.UntilAsync(() => Connection(server).Status.Server is null);
        var run = server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "connection": "plant", "topic": "t", "retain": true, "payload": "late", "timeout": "1m" } } }""");
        await WorkflowServer.UntilAsync(() => Connection(server).Queued.Messages == 1);
        await Broker.StartAsync();

        Assert.Equal("succeeded", (await run).State);
        Assert.True(Broker.Said($"Received PUBLISH from {Connection(server).ClientId} (d0, q1, r1"));
    }

    [Fact]
    public async Task Request_GoesOnWithTheAnswer()
    {
        var server = await ServerAsync();
        await ListenAsync(server, Responder);
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "ask/boiler", "payload": { "q": 1 } } } }""");

        Assert.Equal("succeeded", run.State);
        var answer = run["ask"]["output"]!;
        Assert.Equal("""{"got":{"q":1}}""", answer["data"]!.ToJsonString());
        Assert.Equal(("application/json", "C"), (answer["contentType"]!.GetValue<string>(), answer["properties"]!["user"]!["unit"]![0]!.GetValue<string>()));
        Assert.Equal($"responses/{Connection(server).ClientId}", answer["topic"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("5.0")]
    [InlineData("3.1.1")]
    public async Task Request_OnAResponseTopicOfItsOwn_WorksWithEachVersion(string version)
    {
        var server = await ServerAsync(("ProtocolVersion", version));
        await ListenAsync(server, """
            {
              "triggers": { "m": { "type": "mqtt", "connection": "plant", "topic": "ask/#" } },
              "steps": { "p": { "type": "mqtt.publish", "connection": "plant", "topic": "${event.data.to}", "payload": "done" } }
            }
            """);
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "ask/boiler", "responseTopic": "answers/${run.id}", "payload": { "to": "answers/${run.id}" } } } }""");

        Assert.Equal(("succeeded", "done"), (run.State, run["ask"]["output"]?["data"]?.GetValue<string>()));
        await WorkflowServer.UntilAsync(() => Broker.Said($"\tanswers/{run.Id}") && Broker.Said("Received UNSUBSCRIBE"));
        Assert.Equal(0, Connection(server).WaitingRequests);
    }

    // mosquitto sends a message once for each subscription that matches.
    [Theory]
    [InlineData("ProtocolVersion", "5.0")]
    [InlineData("ProtocolVersion", "3.1.1")]
    [InlineData("ShareName", "workers")]
    public async Task Request_OnATopicThatAWorkflowListensTo_StartsItOnce(string setting, string value)
    {
        var server = await ServerAsync((setting, value));
        await server.AddAsync("""
            {
              "triggers": { "m": { "type": "mqtt", "connection": "plant", "topic": "ask/#" } },
              "steps": { "p": { "type": "mqtt.publish", "connection": "plant", "topic": "answers/a", "payload": "done" } }
            }
            """);
        await ListenAsync(server, Listening("answers/#"));
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "ask/boiler", "responseTopic": "answers/a" } } }""");
        await PublishAsync("answers/end", "end");

        Assert.Equal("done", run["ask"]["output"]?["data"]?.GetValue<string>());
        Assert.Equal(["done", "end"], (await GotAsync(server, 2)).Select(body => body.Trim('"')).Order());
    }

    // The broker knows a client's subscription by its filter, whoever here asked for it.
    [Fact]
    public async Task Request_ThatEnds_LeavesTheSubscriptionOfAWorkflowThatBeganToListen()
    {
        var server = await ServerAsync();
        var asking = server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "nobody", "responseTopic": "answers/a" } } }""");
        await WorkflowServer.UntilAsync(() => Broker.Said("\tanswers/a"));
        await ListenAsync(server, Listening("answers/a"));
        await PublishAsync("answers/a", "one");
        await asking;
        await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "nobody", "timeout": "300ms" } } }"""); // an UNSUBSCRIBE would be answered by now
        await PublishAsync("answers/a", "two");

        Assert.Equal(["one", "two"], (await GotAsync(server, 2)).Select(body => body.Trim('"')).Order());
    }

    [Fact]
    public async Task Request_WithoutAnAnswer_TimesOut()
    {
        var server = await ServerAsync();
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "nobody", "timeout": "300ms" } } }""");
        Assert.Equal("mqtt_timeout", run.ErrorCode);
    }

    [Fact]
    public async Task Request_On311_WithoutAResponseTopic_SaysWhatToDo()
    {
        var server = await ServerAsync(("ProtocolVersion", "3.1.1"));
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "t", "retry": { "attempts": 2, "initial": "1ms" } } } }""");
        Assert.Equal(("mqtt_no_response_topic", 1), (run.ErrorCode, run["ask"]["attempts"]!.GetValue<int>()));
        Assert.Contains("\"responseTopic\"", run["ask"]["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_AreBounded()
    {
        var server = await ServerAsync(("RequestsMaximum", "1"));
        var first = server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "t", "timeout": "2s" } } }""");
        await WorkflowServer.UntilAsync(() => Connection(server).WaitingRequests == 1);
        Assert.Equal("mqtt_busy", (await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "connection": "plant", "topic": "t" } } }""")).ErrorCode);
        Assert.Equal("mqtt_timeout", (await first).ErrorCode);
    }

    [Fact]
    public async Task Request_OnTheEmbeddedBroker_GoesOnWithTheAnswer()
    {
        var server = await DisconnectedServerAsync();
        await server.AddAsync(Responder.Replace("\"connection\": \"plant\", ", "", StringComparison.Ordinal));
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "topic": "ask/boiler", "payload": { "q": 1 } } } }""");
        Assert.Equal("""{"got":{"q":1}}""", run["ask"]["output"]?["data"]?.ToJsonString());
        Assert.Equal("mqtt_timeout", (await server.RunAsync("""{ "steps": { "ask": { "type": "mqtt.request", "topic": "nobody", "timeout": "100ms" } } }""")).ErrorCode);
    }

    [Fact]
    public async Task CorrelationData_HasToBeBase64()
    {
        var server = await ServerAsync();
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "connection": "plant", "topic": "t", "correlationData": "not base64!" } } }""");
        Assert.Equal("invalid_correlation", run.ErrorCode);
    }
}
