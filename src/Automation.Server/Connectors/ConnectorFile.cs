using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Connectors;

/// <summary>A connector as its file has it: what one service can be asked for, with nothing in it that runs but expressions.</summary>
/// <remarks>In <c>request</c> and <c>message</c>, <c>input</c> is the step's fields; in <c>answer</c> and <c>error</c> it is <c>{ status, headers, body }</c>. Nothing else is there.</remarks>
internal sealed record ConnectorFile(
    [property: Description("Name of the service, for people."), Required] string Title,
    [property: Description("What an operation does, by its name: message in slack.json makes the step type slack.message."), MinLength(1)] IReadOnlyDictionary<string, ConnectorOperation> Operations,
    [property: Description("What the service is, in one sentence.")] string? Description = null,
    [property: Description("A Lucide icon's name.")] string Icon = "plug",
    [property: Description("Address that every url beginning with / is below. Expressions in it name literal fields only.")] string? BaseUrl = null,
    [property: Description("Secrets of a connection, by name: token of the connection slack is the secret SLACK_TOKEN. A request names it as ${connection.token}.")] IReadOnlyDictionary<string, ConnectorCredential>? Credentials = null,
    [property: Description("How requests show who sends them.")] ConnectorAuth? Auth = null,
    [property: Description("Fields that every operation has.")] IReadOnlyDictionary<string, ConnectorField>? Fields = null);

/// <summary>One secret of a connection.</summary>
internal sealed record ConnectorCredential(
    [property: Description("What the secret is, and where the service shows it."), Required] string Help,
    [property: Description("Value where the secret is not set; for what stands in addresses of oauth2.")] string? Default = null);

/// <summary>What is added to each request.</summary>
internal sealed record ConnectorAuth(
    [property: Description("none; bearer: token; basic: user and password; header, query: name and value; oauth2: token, grant, tokenUrl, authorizeUrl and so on.")] AuthKind Type,
    [property: Description("Of bearer. Of oauth2: the credential that holds the access token, as ${connection.accessToken}; the server fetches and renews it.")] string? Token = null,
    [property: Description("Of basic.")] string? User = null,
    [property: Description("Of basic.")] string? Password = null,
    [property: Description("Of header and query; of oauth2 where the token goes into another header than Authorization.")] string? Name = null,
    [property: Description("Of header and query; of oauth2 with name.")] string? Value = null,
    [property: Description("Of oauth2: client_credentials, or authorization_code, where somebody connects the account once.")] OAuthGrant? Grant = null,
    [property: Description("Of oauth2: where tokens are asked for, over https. May hold ${connection.x}.")] string? TokenUrl = null,
    [property: Description("Of oauth2, authorization_code: the service's page of consent. May hold ${connection.x}.")] string? AuthorizeUrl = null,
    [property: Description("Of oauth2: what is asked for.")] IReadOnlyList<string>? Scopes = null,
    [property: Description("Of oauth2: how clientId and clientSecret are sent to tokenUrl. Left out: body.")] OAuthClientPlace? Client = null,
    [property: Description("Of oauth2: further parameters of requests to tokenUrl. May hold ${connection.x}.")] IReadOnlyDictionary<string, string>? Parameters = null,
    [property: Description("Of oauth2: further parameters of authorizeUrl.")] IReadOnlyDictionary<string, string>? AuthorizeParameters = null);

/// <summary>Where a request carries its credentials.</summary>
internal enum AuthKind
{
    None,
    Bearer,
    Basic,
    Header,
    Query,

    [JsonStringEnumMemberName("oauth2")]
    OAuth2,
}

/// <summary>How a server comes by an access token — RFC 6749 §4.</summary>
internal enum OAuthGrant
{
    [JsonStringEnumMemberName("client_credentials")]
    ClientCredentials,

    [JsonStringEnumMemberName("authorization_code")]
    AuthorizationCode,
}

/// <summary>How a client shows who it is — RFC 6749 §2.3.1.</summary>
internal enum OAuthClientPlace
{
    Body,
    Basic,
}

/// <summary>A field that authors of workflows fill in.</summary>
internal sealed record ConnectorField(
    [property: Description("What it is for, shown beside the field."), Required] string Help,
    [property: Description("What its value may be.")] FieldType Type = FieldType.Text,
    [property: Description("Whether it has to be there.")] bool Required = false,
    [property: Description("Value where the step gives none.")] Json? Default = null,
    [property: Description("The texts that are allowed.")] IReadOnlyList<string>? Choices = null,
    [property: Description("Regular expression that a text has to match.")] string? Pattern = null,
    [property: Description("Longest text."), Range(1, 1_000_000)] int? MaxLength = null,
    [property: Description("Whether it is taken as written, without expressions: a must for what decides the host.")] bool Literal = false);

/// <summary>Kinds of fields.</summary>
internal enum FieldType
{
    Text,
    Number,
    Integer,
    Boolean,

    /// <summary>A list of texts.</summary>
    Texts,

    /// <summary>Any JSON value.</summary>
    Json,
}

/// <summary>One thing that the service can be asked for: a step type.</summary>
internal sealed record ConnectorOperation(
    [property: Description("Name of the step type, for people."), Required] string Title,
    [property: Description("durable: saved with the run, sent with retries, as webhook.send does. inline: the run waits for the answer, as http.request does. publish: an MQTT message, as by mqtt.publish.")] OperationMode Mode,
    [property: Description("What is sent; of durable and inline operations, which need it.")] ConnectorRequest? Request = null,
    [property: Description("What is published; of operations that publish, which need it.")] ConnectorMessage? Message = null,
    [property: Description("What it does, in one sentence.")] string? Description = null,
    [property: Description("Address of the service's public documentation of this request."), Url] string? Docs = null,
    [property: Description("Fields of the step, by name.")] IReadOnlyDictionary<string, ConnectorField>? Fields = null,
    [property: Description("In place of the connector's.")] ConnectorAuth? Auth = null,
    [property: Description("How an answer is read; only of inline operations.")] ConnectorAnswer? Answer = null,
    [property: Description("What an answer that is no success says; only of inline operations.")] ConnectorError? Error = null);

/// <summary>What an operation sends, and when.</summary>
internal enum OperationMode
{
    Durable,
    Inline,

    /// <summary>An MQTT message, on the embedded broker or by a named connection.</summary>
    Publish,
}

/// <summary>The template of an MQTT message. Members of the payload whose value is null are left out.</summary>
internal sealed record ConnectorMessage(
    [property: Description("Topic name to publish to. What an expression gives is one level, or part of one: it adds no /."), Required] string Topic,
    [property: Description("What to publish: a text as it is, any other value as JSON. Left out, or null: nothing.")] Json? Payload = null,
    [property: Description("Quality of service: 0 at most once, 1 at least once, 2 exactly once."), Range(0, 2)] int Qos = 1,
    [property: Description("Keep the message for later subscribers.")] bool Retain = false);

/// <summary>The template of a request. Properties, headers and query parameters whose value is null are left out.</summary>
internal sealed record ConnectorRequest(
    [property: Description("Address, or path below baseUrl. An expression in it has to encode what it puts in by encodeURIComponent, or name a literal field."), Required] SecretText Url,
    [property: Description("HTTP method."), AllowedValues("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")] string Method = "POST",
    [property: Description("Added to the address, names and values encoded.")] IReadOnlyDictionary<string, SecretText?>? Query = null,
    [property: Description("Further headers.")] IReadOnlyDictionary<string, SecretText?>? Headers = null,
    [property: Description("What to send. Left out: nothing.")] SecretJson? Body = null,
    [property: Description("Media type of the body."), Required] string ContentType = "application/json",
    [property: Description("Statuses that are no error, as \"2xx\" or \"404\". Left out: 2xx.")] IReadOnlyList<string>? AcceptStatus = null,
    [property: Description("Largest answer body that is read; only of inline operations. Left out: 1MB."), Range(typeof(long), "1", "16777216")] ByteSize? MaxResponse = null);

/// <summary>How an answer is read.</summary>
internal sealed record ConnectorAnswer(
    [property: Description("An expression: false, null, 0 or an empty text makes the answer an error, whatever its status.")] Json? Success = null,
    [property: Description("Output of the step. Left out: the answer's body.")] Json? Output = null,
    [property: Description("Of operations that list: the entries of this answer, a list. The step's output is the entries of all pages.")] Json? Items = null,
    [property: Description("Of operations that list: what leads to the next page, null on the last. A text that begins with http://, https:// or / is its address, at the same host; anything else is there as input.next in the request.")] Json? Next = null,
    [property: Description("Most pages that are read. Left out: 10."), Range(1, 100)] int? MaxPages = null);

/// <summary>What an answer that is no success says.</summary>
internal sealed record ConnectorError(
    [property: Description("The service's own words.")] Json? Message = null,
    [property: Description("Whether trying again can help. Left out: by the status.")] Json? Retryable = null,
    [property: Description("How long to wait before the next try: seconds, or a date as in HTTP; a day at most. Left out: the header Retry-After.")] Json? RetryAfter = null);
