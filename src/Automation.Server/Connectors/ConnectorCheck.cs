using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Server.Connectors.OAuth;
using Automation.Server.Deliveries;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;
using Automation.Server.Workflows.Templates;

namespace Automation.Server.Connectors;

/// <summary>What has to hold in a connector file beyond the types of its properties.</summary>
internal static partial class ConnectorCheck
{
    /// <summary>Names that fields cannot have, because steps have them, or expressions.</summary>
    public static readonly string[] TakenNames = [.. StepCompiler.SharedNames, OperationFields.ConnectionName, "input"];

    public static void Run(Connector connector, ProblemList problems)
    {
        var file = connector.File;
        foreach (var name in (file.Credentials ?? new Dictionary<string, ConnectorCredential>()).Keys)
        {
            if (!CamelCase().IsMatch(name)) problems.AddAtName($"/credentials/{JsonPointer.Escape(name)}", $"\"{name}\" is no credential's name: begin with a small letter and use only letters and digits.");
        }

        Fields(file.Fields, "/fields", problems);
        Auth(file.Auth, "/auth", file, problems);
        OwnSecrets(connector.Document, "", ["baseUrl", "auth"], problems);
        if (file.BaseUrl is { } address) Host(address, "/baseUrl", file.Fields ?? new Dictionary<string, ConnectorField>(), problems);
        foreach (var (name, operation) in file.Operations) Operation(connector, name, operation, problems);
    }

    private static void Operation(Connector connector, string name, ConnectorOperation operation, ProblemList problems)
    {
        var file = connector.File;
        var pointer = "/operations/" + JsonPointer.Escape(name);
        if (!CamelCase().IsMatch(name))
        {
            problems.AddAtName(pointer, $"\"{name}\" is no operation's name: begin with a small letter and use only letters and digits.");
            return;
        }

        Fields(operation.Fields, pointer + "/fields", problems);
        Auth(operation.Auth, pointer + "/auth", file, problems);
        OwnSecrets(connector.Document.GetProperty("operations").GetProperty(name), pointer, ["request", "message", "auth"], problems);
        foreach (var twice in (operation.Fields?.Keys ?? []).Intersect(file.Fields?.Keys ?? [])) problems.AddAtName($"{pointer}/fields/{twice}", $"\"{twice}\" is a field of the whole connector already; remove one.");
        var fields = new Dictionary<string, ConnectorField>(file.Fields ?? new Dictionary<string, ConnectorField>());
        foreach (var (id, field) in operation.Fields ?? new Dictionary<string, ConnectorField>()) fields[id] = field;
        if (operation.Mode is OperationMode.Publish) Message(name, pointer, operation, fields, connector, problems);
        else Request(name, pointer, operation, fields, connector, problems);
    }

    private static void Message(string name, string pointer, ConnectorOperation operation, Dictionary<string, ConnectorField> fields, Connector connector, ProblemList problems)
    {
        foreach (var (part, given) in new (string, object?)[] { ("request", operation.Request), ("answer", operation.Answer), ("error", operation.Error), ("auth", operation.Auth) })
        {
            if (given is not null) problems.AddAtName($"{pointer}/{part}", $"An operation that publishes has no \"{part}\", but a \"message\"; remove it.");
        }

        if (operation.Message is not { } message)
        {
            problems.Add(pointer, "\"message\" is missing; an operation that publishes needs it.");
            return;
        }

        if (TemplateText.Parse(message.Topic).Parts.OfType<LiteralPart>().Any(part => part.Text.AsSpan().ContainsAny('+', '#'))) problems.Add(pointer + "/message/topic", "A topic name has no wildcards (+, #).");
        if (!problems.IsEmpty) return;
        var written = OperationTemplates.Request(connector, name);
        if (Connection.CredentialsIn(written).Count > 0) problems.Add(pointer + "/message", "A message has no credentials: those of a broker belong to its connection, in the setting Mqtt:Connections.");
        else Template(name, "message", OperationTemplates.MessageShape, written, [.. fields.Keys], problems);
    }

    private static void Request(string name, string pointer, ConnectorOperation operation, Dictionary<string, ConnectorField> fields, Connector connector, ProblemList problems)
    {
        var file = connector.File;
        if (operation.Message is not null) problems.AddAtName(pointer + "/message", "Only an operation that publishes has a \"message\"; remove it, or make \"mode\" publish.");
        if (operation.Request is not { } wanted)
        {
            problems.Add(pointer, "\"request\" is missing; an operation of this mode needs it.");
            return;
        }

        if (operation.Mode is OperationMode.Durable)
        {
            if (operation.Answer is not null) problems.AddAtName(pointer + "/answer", "A durable operation goes on before there is an answer; make it inline, or remove \"answer\".");
            if (operation.Error is not null) problems.AddAtName(pointer + "/error", "A durable operation's failures are those of its delivery; make it inline, or remove \"error\".");
            if (wanted.AcceptStatus is not null) problems.AddAtName(pointer + "/request/acceptStatus", "A delivery succeeds by 2xx only; make the operation inline, or remove \"acceptStatus\".");
            if (wanted.MaxResponse is not null) problems.AddAtName(pointer + "/request/maxResponse", "A delivery's answer is not handed on; make the operation inline, or remove \"maxResponse\".");
            if (wanted.Query is not null) problems.AddAtName(pointer + "/request/query", "A delivery has its whole address in \"url\"; write the query there, with encodeURIComponent.");
            if ((operation.Auth ?? file.Auth) is { Type: AuthKind.Query }) problems.Add(pointer, "A delivery cannot carry credentials in the query; make the operation inline.");
            if (wanted.Method is "HEAD") problems.Add(pointer + "/request/method", "HEAD asks for something, so the operation has to be inline.");
        }

        if (operation.Answer is { Next: not null, Items: null }) problems.Add(pointer + "/answer", "\"next\" leads to more pages, so \"items\" has to say what a page holds.");
        var url = wanted.Url.Escaped;
        if (url.StartsWith('/') && file.BaseUrl is null) problems.Add(pointer + "/request/url", "The address is below a \"baseUrl\", which the connector does not have; add it, or write the whole address.");
        else Host(url.StartsWith('/') ? file.BaseUrl + url : url, pointer + "/request/url", fields, problems);
        if (wanted.Headers is { } headers)
        {
            foreach (var header in headers.Keys)
            {
                if (OutboundRequest.NameProblem(header) is { } problem) problems.AddAtName($"{pointer}/request/headers/{JsonPointer.Escape(header)}", problem);
            }
        }

        if (!problems.IsEmpty) return;
        var request = OperationTemplates.Request(connector, name);
        foreach (var unknown in Connection.CredentialsIn(request).Where(c => file.Credentials?.ContainsKey(c) is not true))
            problems.Add(pointer + "/request", $"${{connection.{unknown}}} is none of the connector's credentials; add \"{unknown}\" to \"credentials\".{Suggestion.For(unknown, file.Credentials?.Keys ?? [])}");
        var known = fields.Keys.Append("next").ToHashSet(StringComparer.Ordinal);
        Template(name, "request", OperationTemplates.RequestShape, Connection.WithSecrets(request, "x")!, known, problems);
        if (OperationTemplates.Part(connector, name, "answer") is { } answer) Template(name, "answer", OperationTemplates.AnswerShape, answer, null, problems);
        if (OperationTemplates.Part(connector, name, "error") is { } error) Template(name, "error", OperationTemplates.ErrorShape, error, null, problems);
    }

    private static void Template(string operation, string part, ConfigShape shape, JsonNode written, HashSet<string>? fields, ProblemList problems)
    {
        var pointer = OperationTemplates.PointerOf(operation, part);
        var compilation = new Compilation("", problems, _ => ScriptFile.Failed(""), missingSecret: null);
        var config = new ConfigReader(pointer, "check", shape, [], compilation).Read(JsonSerializer.SerializeToElement(written), expressionsAllowed: true, () => { });
        if (config is null) return;
        foreach (var expression in compilation.Expressions.SelectMany(e => e.Expressions))
        {
            if (OfARun().IsMatch(expression.Code)) problems.Add(expression.Pointer, "Expressions of a connector see \"input\" and nothing else of a run; take what they need as a field.");
            if (fields is null) continue;
            foreach (Match use in InputMember().Matches(expression.Code))
            {
                if (!fields.Contains(use.Groups[1].Value)) problems.Add(expression.Pointer, $"There is no field \"{use.Groups[1].Value}\" in this operation.{Suggestion.For(use.Groups[1].Value, fields)}");
            }
        }
    }

    private static void Fields(IReadOnlyDictionary<string, ConnectorField>? fields, string pointer, ProblemList problems)
    {
        foreach (var (name, field) in fields ?? new Dictionary<string, ConnectorField>())
        {
            var at = $"{pointer}/{JsonPointer.Escape(name)}";
            if (!CamelCase().IsMatch(name)) problems.AddAtName(at, $"\"{name}\" is no field's name: begin with a small letter and use only letters, digits and _.");
            if (TakenNames.Contains(name)) problems.AddAtName(at, $"\"{name}\" is a property that every step has; give the field another name.");
            if (field.Type is not FieldType.Text && (field.Choices ?? (object?)field.Pattern ?? field.MaxLength) is not null) problems.Add(at, "\"choices\", \"pattern\" and \"maxLength\" are about texts; remove them, or the type.");
            if (field.Required && field.Default is not null) problems.AddAtName(at + "/default", "A field that has to be there needs no default; remove \"required\" or \"default\".");
            if (field.Pattern is { } pattern && PatternAttribute.Problem(pattern) is { } wrong) problems.Add(at + "/pattern", wrong);
            if (field.Default is { } value && problems.IsEmpty)
            {
                using var document = value.ToDocument();
                new ConfigWalk((_, message) => problems.Add(at + "/default", message)).Check(document.RootElement, OperationFields.ShapeOf(field));
            }
        }
    }

    private static void Auth(ConnectorAuth? auth, string pointer, ConnectorFile file, ProblemList problems)
    {
        if (auth is null) return;
        string[] needed = auth.Type switch
        {
            AuthKind.Bearer => ["token"],
            AuthKind.Basic => ["user", "password"],
            AuthKind.Header or AuthKind.Query => ["name", "value"],
            AuthKind.OAuth2 => auth.Grant is OAuthGrant.AuthorizationCode ? ["token", "grant", "tokenUrl", "authorizeUrl"] : ["token", "grant", "tokenUrl"],
            _ => [],
        };
        string[] possible = auth.Type is AuthKind.OAuth2 ? ["name", "value", "scopes", "client", "parameters", .. auth.Grant is OAuthGrant.AuthorizationCode ? new[] { "authorizeParameters" } : []] : [];
        (string Name, object? Value)[] given =
        [
            ("token", auth.Token), ("user", auth.User), ("password", auth.Password), ("name", auth.Name), ("value", auth.Value), ("grant", auth.Grant), ("tokenUrl", auth.TokenUrl), ("authorizeUrl", auth.AuthorizeUrl),
            ("scopes", auth.Scopes), ("client", auth.Client), ("parameters", auth.Parameters), ("authorizeParameters", auth.AuthorizeParameters),
        ];
        foreach (var (name, value) in given)
        {
            if (needed.Contains(name) && value is null or "" && !(name == "password" && value is not null)) problems.Add(pointer, $"\"{name}\" is missing; authentication of this type needs it.");
            if (!needed.Contains(name) && !possible.Contains(name) && value is not null) problems.AddAtName($"{pointer}/{name}", $"Authentication of this type has no \"{name}\"; remove it.");
        }

        if (auth is { Type: AuthKind.Header or AuthKind.OAuth2, Name: { } header } && OutboundRequest.NameProblem(header) is { } problem) problems.Add(pointer + "/name", problem);
        if (auth.Type is AuthKind.OAuth2 && problems.IsEmpty) OAuth(auth, pointer, file, problems);
    }

    private static void OAuth(ConnectorAuth auth, string pointer, ConnectorFile file, ProblemList problems)
    {
        var credentials = file.Credentials ?? new Dictionary<string, ConnectorCredential>();
        if (Connection.CredentialOf(auth.Token!) is not { } token) problems.Add(pointer + "/token", "Name the credential that holds the access token and nothing else, as ${connection.accessToken}.");
        else if (token is OAuthClient.Id or OAuthClient.Key or OAuthClient.Refresh) problems.Add(pointer + "/token", "The access token needs a credential of its own, as ${connection.accessToken}.");
        if (auth.Name is null != auth.Value is null) problems.Add(pointer, "\"name\" and \"value\" go together: the header that carries the token, and what it says.");
        if (auth.Value is { } value && !value.Contains(auth.Token!, StringComparison.Ordinal)) problems.Add(pointer + "/value", $"The header has to carry the token: {auth.Token}.");
        foreach (var missing in new[] { OAuthClient.Id, OAuthClient.Key }.Where(name => !credentials.ContainsKey(name))) problems.Add(pointer, $"OAuth 2 needs the credential \"{missing}\"; add it to \"credentials\".");
        foreach (var (at, text) in new[] { ("tokenUrl", auth.TokenUrl), ("authorizeUrl", auth.AuthorizeUrl) }.Concat((auth.Parameters ?? new Dictionary<string, string>()).Concat(auth.AuthorizeParameters ?? new Dictionary<string, string>()).Select(p => ("parameters", (string?)p.Value))))
        {
            if (text is null) continue;
            foreach (var unknown in Connection.CredentialsIn(text).Where(c => !credentials.ContainsKey(c))) problems.Add($"{pointer}/{at}", $"${{connection.{unknown}}} is none of the connector's credentials; add \"{unknown}\" to \"credentials\".");
            if (!at.EndsWith("Url", StringComparison.Ordinal)) continue;
            // Of a credential, only what is behind the scheme can come.
            if (!text.StartsWith("https://", StringComparison.Ordinal) && !(Uri.TryCreate(text, UriKind.Absolute, out var local) && local is { IsLoopback: true, Scheme: "http" })) problems.Add($"{pointer}/{at}", "Tokens are asked for over TLS: begin with https:// (RFC 6749 §3.2).");
        }

        foreach (var taken in (auth.Parameters?.Keys ?? []).Concat(auth.AuthorizeParameters?.Keys ?? []).Where(OAuthClient.OwnParameters.Contains)) problems.Add(pointer, $"The parameter \"{taken}\" is the server's own; remove it.");
    }

    /// <summary>Every secret of a connector is one of its connection, so that who may use which account shows in the workflow and in the list of secrets.</summary>
    private static void OwnSecrets(JsonElement of, string pointer, string[] parts, ProblemList problems)
    {
        foreach (var part in parts)
        {
            if (of.TryGetProperty(part, out var written)) OwnSecrets(written, $"{pointer}/{part}", problems);
        }
    }

    private static void OwnSecrets(JsonElement written, string pointer, ProblemList problems)
    {
        switch (written.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in written.EnumerateObject()) OwnSecrets(member.Value, $"{pointer}/{JsonPointer.Escape(member.Name)}", problems);
                break;
            case JsonValueKind.Array:
                foreach (var (index, item) in written.EnumerateArray().Index()) OwnSecrets(item, $"{pointer}/{index}", problems);
                break;
            case JsonValueKind.String:
                foreach (var secret in TemplateText.Parse(written.GetString()!).Parts.OfType<SecretPart>())
                    problems.Add(pointer, $"${{secret.{secret.Name}}} is a secret of the server, not of a connection; add it to \"credentials\", as \"token\", and write ${{connection.token}}.");
                break;
        }
    }

    /// <summary>Nothing that comes with an event may choose the host that credentials go to, or climb out of the path.</summary>
    private static void Host(string address, string pointer, IReadOnlyDictionary<string, ConnectorField> fields, ProblemList problems)
    {
        var text = TemplateText.Parse(address.Replace("${connection.", "${secret.", StringComparison.Ordinal));
        if (!text.Problems.IsEmpty)
        {
            foreach (var sentence in text.Problems) problems.Add(pointer, sentence);
            return;
        }

        if (text.Parts[0] is LiteralPart { Text: var start } && !start.StartsWith("https://", StringComparison.Ordinal) && !start.StartsWith("http://", StringComparison.Ordinal))
            problems.Add(pointer, "The address has to begin with https:// or http://.");
        var slashes = text.Parts[0] is LiteralPart ? 0 : 2; // what begins with a field or a credential begins with the whole origin
        foreach (var part in text.Parts)
        {
            if (part is LiteralPart literal) slashes += literal.Text.AsSpan().Count('/');
            if (part is not ExpressionPart expression) continue;
            var isLiteral = InputMember().Match(expression.Code) is { Success: true } use && use.Value == expression.Code && fields.TryGetValue(use.Groups[1].Value, out var field) && field.Literal;
            if (isLiteral) continue;
            if (slashes < 3) problems.Add(pointer, $"${{{expression.Code}}} would choose the host; name a field there that is \"literal\": true, so that no event can send credentials elsewhere.");
            else if (!expression.Code.Contains("encodeURIComponent", StringComparison.Ordinal)) problems.Add(pointer, $"${{{expression.Code}}} would go into the address as it is; write encodeURIComponent(…) around it, or put it into \"query\".");
        }
    }

    [GeneratedRegex("^[a-z][a-zA-Z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex CamelCase();

    [GeneratedRegex(@"^\s*(event|steps|vars|run|env|item|index|state)\s*[.?[]", RegexOptions.CultureInvariant)]
    private static partial Regex OfARun();

    [GeneratedRegex(@"(?<![.\w])input\??\.([A-Za-z_][A-Za-z0-9_]*)", RegexOptions.CultureInvariant)]
    private static partial Regex InputMember();
}
