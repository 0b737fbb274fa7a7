using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net.Mail;
using System.Text;
using System.Text.Json;
using Automation.Server.Connectors;
using Automation.Server.Deliveries;
using Automation.Server.Deliveries.Mail;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Queues one e-mail.</summary>
/// <remarks>
/// Input: not used but through expressions. Output: <c>{ "deliveryId": string }</c>, at once. The message is handed to a mail server later, at least once, with retries and always the same Message-ID; a server that is not there
/// is the delivery's failure, not the step's. <c>email_invalid</c>: no message can be made of what was given.
/// </remarks>
[StepType("email.send", Title = "Send e-mail", Category = "Actions", Icon = "mail")]
[Description("Sends an e-mail by a mail server (SMTP), durably: it is saved with the run, retried until the server takes it, and can be replayed.")]
internal sealed class SendEmailStep(DeliveryOptions defaults) : Step<SendEmailStep.Config>
{
    private const string DefaultConnection = "mail", Credential = "url";
    private const int MostRecipients = 100, MostAttachments = 20, LargestMessage = 10 << 20;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);

    public sealed record Config(
        [property: Description("Sender: an address, or \"Name <address>\"."), Required] string From,
        [property: Description("Recipients, each an address or \"Name <address>\".")] IReadOnlyList<string> To,
        [property: Description("Subject, in one line."), Required, MaxLength(1000)] string Subject,
        [property: Description("The message as plain text.")] string? Text = null,
        [property: Description("The message as HTML. With text beside it, readers choose.")] string? Html = null,
        [property: Description("Further recipients, whom all see.")] IReadOnlyList<string>? Cc = null,
        [property: Description("Further recipients, whom nobody sees.")] IReadOnlyList<string>? Bcc = null,
        [property: Description("Where answers go.")] IReadOnlyList<string>? ReplyTo = null,
        [property: Description("Files that go with it; 10 MB with all that is in the message.")] IReadOnlyList<Attachment>? Attachments = null,
        [property: Description("By which mail server: the name that its secret begins with. Left out: mail, whose secret is MAIL_URL, as smtp://user:password@host:587."), Literal, RegularExpression(Connectors.Connection.NamePattern)] string Connection = DefaultConnection,
        [property: Description("Attempts before the delivery is dead. Left out: as many as the schedule has pauses, 8 by the server's setting."), Range(1, 50)] int? MaxAttempts = null,
        [property: Description("Limit of one attempt. Left out: 1m."), Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")] Duration? AttemptTimeout = null,
        [property: Description("The pause before each attempt, that before the first included. Left out: the server's setting.")] IReadOnlyList<Duration>? Schedule = null,
        [property: Description("Messages by the same mail server with the same key are sent one at a time, in the order they were queued. Left out: in no order.")] string? OrderKey = null);

    /// <summary>A file that goes with a message.</summary>
    public sealed record Attachment(
        [property: Description("Name of the file."), Required, MaxLength(200)] string Name,
        [property: Description("What is in it: a text, { \"base64\": … } as bytes, any other value as JSON.")] Json Content,
        [property: Description("Media type.")] string ContentType = "application/octet-stream");

    public override void Check(StepCheck check)
    {
        var connection = check.Config.TryGetProperty("connection", out var named) && named.ValueKind is JsonValueKind.String ? named.GetString()! : DefaultConnection;
        if (Connection.IsName(connection)) check.Secret("/connection", Connection.SecretOf(connection, Credential));
        if (!check.Config.TryGetProperty("text", out _) && !check.Config.TryGetProperty("html", out _)) check.Problem("", "The message has neither \"text\" nor \"html\"; write one of them, or both.");
        if (check.Config.TryGetProperty("schedule", out var schedule) && schedule.ValueKind is JsonValueKind.Array && schedule.GetArrayLength() is 0 or > 50) check.Problem("/schedule", "Write 1 to 50 pauses, one for each attempt, as [\"0s\", \"5s\", \"5m\"].");
        foreach (var list in new[] { "to", "cc", "bcc", "replyTo" })
        {
            if (!check.Config.TryGetProperty(list, out var addresses) || addresses.ValueKind is not JsonValueKind.Array) continue;
            foreach (var (index, item) in addresses.EnumerateArray().Index()) CheckAddress(check, $"/{list}/{index}", item);
        }

        if (check.Config.TryGetProperty("from", out var from)) CheckAddress(check, "/from", from);
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        var from = Address(config.From, "from");
        var (to, cc, bcc) = (Addresses(config.To, "to"), Addresses(config.Cc, "cc"), Addresses(config.Bcc, "bcc"));
        var recipients = to.Concat(cc).Concat(bcc).Select(MimeMessage.Plain).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (recipients.Count is 0 or > MostRecipients) throw Invalid($"A message has 1 to {MostRecipients} recipients; here are {recipients.Count}.");
        if (config.Subject.Any(char.IsControl)) throw Invalid("\"subject\" holds a line break or another control character.");
        if (config.Text is null && config.Html is null) throw Invalid("The message has neither \"text\" nor \"html\".");
        var attachments = config.Attachments?.Select(Read).ToList() ?? [];
        if (attachments.Count > MostAttachments) throw Invalid($"A message has at most {MostAttachments} attachments; here are {attachments.Count}.");
        var size = (config.Text?.Length ?? 0L) + (config.Html?.Length ?? 0) + attachments.Sum(a => a.Content.Length * 4L / 3);
        if (size > LargestMessage) throw TooLarge();
        var message = new MimeMessage(context.IdempotencyKey, context.Now, from, to, cc, Addresses(config.ReplyTo, "replyTo"), config.Subject, config.Text, config.Html, attachments).ToBytes();
        if (message.Length > LargestMessage) throw TooLarge();

        var id = context.Queue(new DeliveryRequest(
            new SecretText("${secret." + Connection.SecretOf(config.Connection, Credential) + "}"),
            MailSender.Method,
            new Dictionary<string, SecretText> { [MailSender.From] = SecretText.Of(MimeMessage.Plain(from)), [MailSender.To] = SecretText.Of(string.Join(' ', recipients)) },
            "message/rfc822",
            SecretTemplate.EscapeUtf8(message),
            null,
            config.MaxAttempts ?? config.Schedule?.Count ?? defaults.Pauses.Count,
            config.AttemptTimeout ?? DefaultTimeout)
        {
            Pauses = config.Schedule is { } schedule ? [.. schedule.Select(pause => pause.Value)] : null,
            OrderKey = config.OrderKey,
        }); // saved in the same transaction as this step's result
        return ValueTask.FromResult(StepResult.Done(new Output(PublicId.Format(PublicId.Delivery, id))));
    }

    private static void CheckAddress(StepCheck check, string pointer, JsonElement item)
    {
        if (item.ValueKind is JsonValueKind.String && item.GetString() is { } text && !text.Contains("${", StringComparison.Ordinal) && MimeMessage.ReadAddress(text) is null)
            check.Problem(pointer, $"\"{text}\" is no e-mail address: write name@example.com or \"Name <name@example.com>\".");
    }

    private static List<MailAddress> Addresses(IReadOnlyList<string>? texts, string property) => [.. (texts ?? []).Select(text => Address(text, property))];

    private static MailAddress Address(string text, string property) =>
        MimeMessage.ReadAddress(text) ?? throw Invalid($"\"{property}\" holds what is no e-mail address: write name@example.com or \"Name <name@example.com>\".");

    private static MimeAttachment Read(Attachment attachment)
    {
        if (attachment.Name.Any(char.IsControl)) throw Invalid("The name of an attachment holds a line break or another control character.");
        if (attachment.ContentType.Length > 100 || !System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(attachment.ContentType, out var type) || type.Parameters.Count > 0 || !Ascii.IsValid(attachment.ContentType))
            throw Invalid("The contentType of an attachment is no media type such as application/pdf.");
        using var content = attachment.Content.ToDocument();
        var bytes = content.RootElement.ValueKind is JsonValueKind.String ? Encoding.UTF8.GetBytes(content.RootElement.GetString()!) : Queries.Query.Bytes(content.RootElement) ?? attachment.Content.Utf8.ToArray();
        return new MimeAttachment(attachment.Name, type.MediaType!, bytes);
    }

    private static StepException TooLarge() => Invalid($"The message is larger than {LargestMessage >> 20} MB.");

    private static StepException Invalid(string message) => new(new StepError("email_invalid", message, Retryable: false));

    private sealed record Output(string DeliveryId);
}
