using System.Text;
using System.Xml;
using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// Salesforce outbound messages: SOAP without a signature. The secrets hold the organization's id (15 or 18 characters), <c>certificates</c> Salesforce's client certificate; whichever is
/// given has to fit. Answered with <c>&lt;Ack&gt;true&lt;/Ack&gt;</c>, else Salesforce sends again for 24 h — developer.salesforce.com, SOAP API, outbound messaging.
/// </summary>
internal sealed class SalesforceSoapScheme : VerificationScheme
{
    private const int ShortId = 15;
    private const string Outbound = "http://soap.sforce.com/2005/09/outbound";

    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersFromEntities = 1024, MaxCharactersInDocument = 4 << 20 };

    public override string Name => "salesforce-soap";

    public override string SecretsAre => "the organization's id";

    public override bool SecretsAreOptional => true;

    public override VerifyOptions Takes => VerifyOptions.Certificates;

    public override HandshakeAnswer Accepted { get; } = new(StatusCodes.Status200OK, "text/xml; charset=utf-8",
        """<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>"""u8.ToArray());

    public override IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config) => config is { Secrets: null, Certificates: null }
        ? [("/secrets", "The scheme salesforce-soap needs \"secrets\" with the organization's id, \"certificates\" with Salesforce's client certificate, or both.")]
        : ClientCertificates.Check(config);

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => Read(request.Body).Notification;

    protected override VerificationResult Verify(VerificationInput input)
    {
        if (input.Config.Certificates is not null && ClientCertificates.Verify(input) is { IsVerified: false } refused) return refused;
        if (input.Config.Secrets is null) return VerificationResult.Verified(null);
        if (Read(input.Request.Body).Organization?.Trim() is not { Length: >= ShortId } organization)
            return VerificationResult.Rejected("the body is not an outbound message with an OrganizationId");

        // The last 3 of 18 characters only say which of the first 15 are capitals.
        var shortened = input with { Secrets = [.. input.Secrets.Select(secret => secret with { Value = Short(secret.Value.Trim()) })] };
        return MacCheck.Equal(shortened, Short(organization), "the OrganizationId");
    }

    private static string Short(string id) => id.Length > ShortId ? id[..ShortId] : id;

    /// <summary>Of <c>Envelope/Body/notifications</c>: <c>OrganizationId</c>, and the <c>Id</c>s of all <c>Notification</c>s. Read as a stream, because anyone may send this.</summary>
    private static (string? Organization, string? Notification) Read(ReadOnlyMemory<byte> body)
    {
        string? organization = null;
        var notifications = new List<string>();
        try
        {
            using var reader = XmlReader.Create(new MemoryStream(body.ToArray(), writable: false), Settings);
            while (reader.Read())
            {
                if (reader.NodeType is not XmlNodeType.Element || reader.NamespaceURI != Outbound) continue;
                if (organization is null && reader is { Depth: 3, LocalName: "OrganizationId" }) organization = Text(reader);
                else if (reader is { Depth: 4, LocalName: "Id" } && Text(reader) is { } id) notifications.Add(id);
            }
        }
        catch (Exception error) when (error is XmlException or DecoderFallbackException or ArgumentException or NotSupportedException)
        {
            // Not XML: it has neither.
        }

        return (organization, notifications.Count > 0 ? string.Join(',', notifications) : null);
    }

    private static string? Text(XmlReader reader) => !reader.IsEmptyElement && reader.Read() && reader.NodeType is XmlNodeType.Text && reader.Value.Length <= 100 ? reader.Value : null;
}
