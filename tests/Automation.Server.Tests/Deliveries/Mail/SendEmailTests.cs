using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Deliveries;
using Automation.Server.Deliveries.Mail;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Secrets;
using Automation.Server.Tests.Steps;
using Automation.Server.Values;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Server.Tests.Deliveries.Mail;

public sealed class SendEmailTests
{
    private const string Plain = """{ "from": "Shop <shop@example.com>", "to": ["ann@example.org"], "subject": "Hi", "text": "Hello" }""";

    [Fact]
    public async Task Message_IsHandedOverByStartTls_AfterTheSignIn()
    {
        await using var server = new MailServer();
        var sent = await SendAsync(server, Plain);

        Assert.Equal((DeliveryState.Succeeded, null, 250), (sent.State, sent.Attempt.Error, sent.Attempt.Status));
        Assert.Equal(
            ["EHLO [127.0.0.1]", "STARTTLS", "tls EHLO [127.0.0.1]", "tls AUTH PLAIN AG1lQHgAcGFzcyB3b3Jk", "tls MAIL FROM:<shop@example.com> SIZE=SIZE", "tls RCPT TO:<ann@example.org>", "tls DATA"],
            server.Commands.Where(c => !c.EndsWith("QUIT", StringComparison.Ordinal)).Select(c => System.Text.RegularExpressions.Regex.Replace(c, "SIZE=[0-9]+", "SIZE=SIZE")));
        Assert.Contains("AUTH PLAIN •••", sent.Attempt.RequestHead, StringComparison.Ordinal);
        Assert.DoesNotContain("cGFzcyB3b3Jk", sent.Attempt.ToString(), StringComparison.Ordinal);
        Assert.NotNull(sent.Attempt.Timing!.TlsMs);
    }

    [Fact]
    public async Task Message_IsReadTheSameByAnotherReader()
    {
        await using var server = new MailServer();
        var long1 = string.Join(' ', Enumerable.Repeat("größer", 60));
        var config = new JsonObject
        {
            ["from"] = "Geschäft, das <shop@bücher.example>",
            ["to"] = new JsonArray("\"Ann \\\"A\\\" Bee\" <ann@example.org>", "bob@example.org"),
            ["cc"] = new JsonArray("Zoë 🎉 " + new string('z', 90) + " <zoe@example.org>"),
            ["bcc"] = new JsonArray("hidden@example.org"),
            ["replyTo"] = new JsonArray("answers@example.com"),
            ["subject"] = "Übergröße =?utf-8?Q?no?= " + long1[..300],
            ["text"] = ".dot\n..two\nFrom me\ntrailing \n" + long1 + "\n${secret.MAIL_URL} $${x} =_",
            ["html"] = "<p>" + long1 + "</p>\r\n.",
            ["attachments"] = new JsonArray(
                new JsonObject { ["name"] = "a.bin", ["content"] = new JsonObject { ["base64"] = Convert.ToBase64String([.. Enumerable.Range(0, 256).Select(i => (byte)i)]) } },
                new JsonObject { ["name"] = "Rechnung (größer) " + new string('ü', 40) + ".txt", ["contentType"] = "text/plain", ["content"] = "héllo" }),
        };
        await SendAsync(server, config.ToJsonString());

        var message = Assert.Single(server.Messages);
        Assert.All(message.Split("\r\n"), line => Assert.True(line.Length <= 78 && Ascii.IsValid(line), line));
        Assert.DoesNotContain("hidden@", message, StringComparison.Ordinal);
        Assert.Equal(["ann", "bob", "zoe", "hidden"], server.Commands.Where(c => c.Contains("RCPT", StringComparison.Ordinal)).Select(c => c.Split('<')[1].Split('@')[0]));
        var read = await ReadAsync(message);
        Assert.Equal(config["subject"]!.GetValue<string>(), read["subject"]!.GetValue<string>());
        Assert.Equal("""[["Geschäft, das","shop@xn--bcher-kva.example"]]""", read["from"]!.ToJsonString(JsonFormat.Wire));
        Assert.Equal("""[["Ann \"A\" Bee","ann@example.org"],["","bob@example.org"]]""", read["to"]!.ToJsonString(JsonFormat.Wire));
        Assert.StartsWith("Zoë 🎉 zzz", read["cc"]![0]![0]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(config["text"]!.GetValue<string>(), read["text"]!.GetValue<string>().ReplaceLineEndings("\n").TrimEnd('\n'));
        Assert.Equal("<p>" + long1 + "</p>\n.", read["html"]!.GetValue<string>().ReplaceLineEndings("\n").TrimEnd('\n'));
        Assert.Equal(["a.bin", config["attachments"]![1]!["name"]!.GetValue<string>()], read["files"]!.AsArray().Select(f => f![0]!.GetValue<string>()));
        Assert.Equal(config["attachments"]![0]!["content"]!["base64"]!.GetValue<string>(), read["files"]![0]![2]!.GetValue<string>());
        Assert.Equal(Convert.ToBase64String("héllo"u8), read["files"]![1]![2]!.GetValue<string>());
        Assert.Empty(read["defects"]!.AsArray());
    }

    [Fact]
    public async Task MessageId_IsTheSameInEachAttempt()
    {
        await using var server = new MailServer { Answer = command => command == "." ? "451 later" : null };
        await SendAsync(server, Plain);
        await SendAsync(server, Plain, attempts: 1);

        Assert.Equal(2, server.Messages.Count);
        Assert.Single(server.Messages.Distinct());
    }

    [Theory]
    [InlineData("RCPT TO:<ann@example.org>", "550 5.1.1 no such user", "dead", "receiver_refused", "no such user")]
    [InlineData("RCPT TO:<ann@example.org>", "450 greylisted", "retrying", "receiver_refused", "greylisted")]
    [InlineData("MAIL", "452 full", "retrying", "receiver_refused", "full")]
    [InlineData("DATA", "554 spam", "dead", "receiver_refused", "spam")]
    [InlineData(".", "554 too bad", "dead", "receiver_refused", "too bad")]
    [InlineData(".", "421 closing", "retrying", "receiver_refused", "closing")]
    [InlineData("", "554 go away", "dead", "receiver_refused", "go away")]
    [InlineData("", "HTTP/1.1 400 Bad", "retrying", "invalid_response", "not SMTP")]
    [InlineData("EHLO", "250 mail.example", "retrying", "tls_failed", "no STARTTLS")]
    [InlineData("STARTTLS", "454 no TLS now", "retrying", "receiver_refused", "no TLS now")]
    [InlineData("STARTTLS", "220 go on\r\n250 injected", "retrying", "tls_failed", "more than it was asked")]
    [InlineData("AUTH", "535 wrong: AG1lQHgAcGFzcyB3b3Jk", "retrying", "login_failed", "•••")]
    public async Task Refusal_IsToldInTheServersWords(string command, string answer, string state, string code, string words)
    {
        await using var server = new MailServer();
        server.Answer = said => command.Length == 0 ? said.Length == 0 ? answer : null : said.StartsWith(command, StringComparison.Ordinal) && (command.Length > 1 || said == ".") ? answer : null;
        var sent = await SendAsync(server, Plain);

        Assert.Equal((state, code), (sent.State, sent.Attempt.Error));
        Assert.Contains(words, sent.Attempt.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pass word", sent.Attempt.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("cGFzcyB3b3Jk", sent.Attempt.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedRecipient_IsTold_AndHoldsNobodyUp()
    {
        await using var server = new MailServer { Answer = command => command.StartsWith("RCPT TO:<bob", StringComparison.Ordinal) ? "550 no such user" : null };
        var sent = await SendAsync(server, Plain.Replace("\"ann@example.org\"", "\"ann@example.org\", \"bob@example.org\"", StringComparison.Ordinal));

        Assert.Equal((DeliveryState.Succeeded, "Taken for 1 of 2 recipients; not for bob@example.org: 550 no such user"), (sent.State, sent.Attempt.Message));
        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task RecipientThatIsPutOff_HoldsTheMessageBack_UntilTheLastAttempt()
    {
        await using var server = new MailServer { Answer = command => command.StartsWith("RCPT TO:<bob", StringComparison.Ordinal) ? "450 later" : null };
        var config = Plain.Replace("\"ann@example.org\"", "\"ann@example.org\", \"bob@example.org\"", StringComparison.Ordinal);
        Assert.Equal(DeliveryState.Retrying, (await SendAsync(server, config)).State);
        Assert.Empty(server.Messages);
        Assert.Equal(DeliveryState.Succeeded, (await SendAsync(server, config, attempts: 7)).State);
        Assert.Single(server.Messages);
    }

    [Theory]
    [InlineData("smtps://me%40x:pass%20word@mail.example:PORT", true, "STARTTLS", null)]
    [InlineData("smtp://me%40x:pass%20word@mail.example:PORT?tls=none", false, "AUTH LOGIN", null)]
    [InlineData("smtp://mail.example:PORT?tls=none", false, "SIZE", null)]
    [InlineData("smtp://me%40x:pass%20word@mail.example:PORT?tls=none", false, "SIZE", "login_failed")]
    [InlineData("smtp://me%40x:pass%20word@other.example:PORT", false, "STARTTLS", "certificate_wrong_host")]
    [InlineData("smtp://me%40x:pass%20word@10.1.2.3:PORT", false, "STARTTLS", "address_blocked")]
    [InlineData("smtp://me%40x:pass%20word@mail.example:PORT?tls=maybe", false, "STARTTLS", "invalid_address")]
    [InlineData("smtp://me%40x:pass%20word@mail.example:1", false, "STARTTLS", "connection_failed")]
    [InlineData("https://me%40x:pass%20word@mail.example:PORT", false, "STARTTLS", "invalid_address")]
    public async Task Address_SaysHowItIsSecured(string address, bool implicitTls, string offer, string? code)
    {
        await using var server = new MailServer { ImplicitTls = implicitTls, Offers = offer == "STARTTLS" ? [offer, "AUTH LOGIN PLAIN"] : [offer] };
        var sent = await SendAsync(server, Plain, address: address);

        Assert.Equal(code, sent.Attempt.Error);
        Assert.DoesNotContain("pass%20word", sent.Attempt.ToString(), StringComparison.Ordinal);
        Assert.Equal(code is null ? 1 : 0, server.Messages.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OtherLetters_AreSentWhereTheServerTakesThem(bool takes)
    {
        await using var server = new MailServer { Offers = takes ? ["SMTPUTF8", "8BITMIME"] : ["SIZE"] };
        var sent = await SendAsync(server, Plain.Replace("ann@", "änn@", StringComparison.Ordinal), address: "smtp://mail.example:PORT?tls=none");

        Assert.Equal(takes ? DeliveryState.Succeeded : DeliveryState.Dead, sent.State);
        if (!takes) return;
        Assert.Contains("MAIL FROM:<shop@example.com> BODY=8BITMIME SMTPUTF8", server.Commands);
        Assert.Contains("RCPT TO:<änn@example.org>", server.Commands);
    }

    [Theory]
    [InlineData("silent", "receiver_timed_out")]
    [InlineData("endless", "invalid_response")]
    [InlineData("line", "invalid_response")]
    [InlineData("closes", "connection_lost")]
    [InlineData("drips", "receiver_timed_out")]
    public async Task ServerThatMisbehaves_HoldsNothingUp(string how, string code)
    {
        await using var server = new MailServer
        {
            Behave = async (stream, stop) =>
            {
                var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("220-more\r\n", 500)));
                switch (how)
                {
                    case "silent": await RawReceiver.NeverAsync(stop); break;
                    case "endless": while (true) await stream.WriteAsync(lines, stop);
                    case "line": while (true) await stream.WriteAsync(new byte[4096], stop);
                    case "drips":
                        await stream.WriteAsync("22"u8.ToArray(), stop);
                        await RawReceiver.NeverAsync(stop);
                        break;
                }
            },
        };
        var clock = Stopwatch.StartNew();
        var sent = await SendAsync(server, Plain.Replace("\"text\"", "\"attemptTimeout\": \"500ms\", \"text\"", StringComparison.Ordinal));

        Assert.Equal((DeliveryState.Retrying, code, DestinationHealth.Failing), (sent.State, sent.Attempt.Error, sent.Health));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example\r\nBcc: evil@z.example"], "subject": "s", "text": "t" }""")]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example> RCPT TO:<evil@z.example"], "subject": "s", "text": "t" }""")]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example, evil@z.example"], "subject": "s", "text": "t" }""")]
    [InlineData("""{ "from": "a\nb@b.example", "to": ["x@y.example"], "subject": "s", "text": "t" }""")]
    [InlineData("""{ "from": "\"a\\r\\nb\" <a@b.example>", "to": ["\u0000x@y.example"], "subject": "s", "text": "t" }""")]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example"], "subject": "s\r\nBcc: evil@z.example", "text": "t" }""")]
    [InlineData("""{ "from": "a@b.example", "to": [], "subject": "s", "text": "t" }""")]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example"], "subject": "s" }""")]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example"], "subject": "s", "text": "t", "attachments": [{ "name": "a\r\nb", "content": "x" }] }""")]
    [InlineData("""{ "from": "a@b.example", "to": ["x@y.example"], "subject": "s", "text": "t", "attachments": [{ "name": "a", "contentType": "text/plain\r\nX: y", "content": "x" }] }""")]
    public void WhatCouldBeginAHeaderOrCommand_IsRefused(string config)
    {
        var error = Assert.Throws<StepException>(() => Queue(config)).Error;
        Assert.Equal(("email_invalid", false), (error.Code, error.Retryable));
    }

    [Fact]
    public void Check_NamesWhatIsWrong_AndTheSecretThatIsNeeded()
    {
        var check = new CheckedStep("""{ "from": "shop", "to": ["${input.to}", "x y"], "connection": "second-mail", "schedule": [] }""");
        new SendEmailStep(new DeliveryOptions()).Check(check);

        Assert.Equal(["", "/schedule", "/to/1", "/from"], check.Problems.Select(p => p.Split(':')[0]));
        Assert.Equal(["SECOND_MAIL_URL"], check.Secrets);
    }

    [Fact]
    public async Task Email_IsADeliveryOfTheRun_TriedAgain()
    {
        await using var mail = new MailServer { Offers = ["SIZE"] };
        var refusals = 2;
        mail.Answer = command => command.StartsWith("RCPT", StringComparison.Ordinal) && Interlocked.Decrement(ref refusals) >= 0 ? "450 later" : null;
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("MAIL_URL", $"smtp://127.0.0.1:{mail.Port}?tls=none");
        var run = await server.RunAsync("""{ "steps": { "tell": { "type": "email.send", "from": "shop@example.com", "to": ["${input.who}"], "subject": "For ${input.who}", "text": "Hi" } } }""", """{ "who": "ann@example.org" }""");
        Assert.Equal("succeeded", run.State);
        await WorkflowServer.UntilAsync(() => !mail.Messages.IsEmpty);

        Assert.Contains("Subject: For ann@example.org", mail.Messages.First(), StringComparison.Ordinal);
        JsonNode? delivery = null;
        await WorkflowServer.UntilAsync(() =>
        {
            delivery = server.GetAsync($"/api/deliveries/{JsonNode.Parse(run.Output("tell"))!["deliveryId"]}").GetAwaiter().GetResult();
            return delivery["state"]!.GetValue<string>() == "succeeded";
        });
        Assert.Equal([450, 450, 250], delivery!["attempts"]!.AsArray().Select(a => a!["status"]!.GetValue<int>()));
        Assert.DoesNotContain("smtp://127", delivery.ToJsonString(), StringComparison.Ordinal);
    }

    private static DeliveryRequest Queue(string config)
    {
        var step = new SendEmailStep(new DeliveryOptions());
        var context = new CallContext(step);
        _ = step.RunAsync(Json.Parse(config).To<SendEmailStep.Config>()!, context).AsTask().GetAwaiter().GetResult();
        return Assert.Single(context.Queued);
    }

    private static async Task<SendResult> SendAsync(MailServer server, string config, int attempts = 0, string address = "smtp://me%40x:pass%20word@mail.example:PORT")
    {
        var outbound = new OutboundOptions { AllowPrivate = "loopback", CertificateAuthority = server.Authority };
        using var http = new OutboundHttp(outbound, TimeProvider.System);
        using var network = new OutboundTcp(outbound, TimeProvider.System, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]));
        var secrets = TestSecrets.Of(("MAIL_URL", address.Replace("PORT", $"{server.Port}", StringComparison.Ordinal)));
        var sender = new DeliverySender(http, secrets, new RetrySchedule(new DeliveryOptions(), new Random(1)), TimeProvider.System, NullLogger<DeliverySender>.Instance, mail: new MailSender(network, TimeProvider.System));
        var request = Queue(config);
        var delivery = new Delivery(1, 1, "w", "tell", "run_1.tell.0", Delivery.DestinationOf(request.Url.Escaped), request, DateTimeOffset.UnixEpoch, attempts);
        return await sender.SendAsync(delivery, CancellationToken.None);
    }

    /// <summary>What Python's reader finds in a message.</summary>
    private static async Task<JsonNode> ReadAsync(string message)
    {
        const string Reader = """
            import sys, json, base64, email, email.policy
            m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
            people = lambda n: [[a.display_name, a.addr_spec] for a in (m[n].addresses if m[n] else [])]
            text, html = m.get_body(('plain',)), m.get_body(('html',))
            files = [[f.get_filename(), f.get_content_type(), base64.b64encode(f.get_payload(decode=True)).decode()] for f in m.iter_attachments()]
            defects = [str(d) for p in m.walk() for d in p.defects] + [str(d) for n, h in m.items() for d in h.defects]
            print(json.dumps({'subject': m['Subject'], 'from': people('From'), 'to': people('To'), 'cc': people('Cc'), 'text': text.get_content() if text else None, 'html': html.get_content() if html else None, 'files': files, 'defects': defects}))
            """;
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Reader]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await python.StandardInput.WriteAsync(message);
        python.StandardInput.Close();
        var text = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return JsonNode.Parse(text)!;
    }
}
