using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.RegularExpressions;
using Automation.Mqtt.Topics;
using Automation.Server.Secrets;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>What is wrong with the settings of connections: sentences that name the key and say what to write.</summary>
internal static partial class MqttConnectionCheck
{
    private const int LongestName = 64, LongestText = 65_535;

    private static readonly string[] Schemes = ["mqtt", "mqtts", "ws", "wss", "unix"];

    /// <summary>All mistakes of one connection.</summary>
    public static IEnumerable<string> Problems(string name, MqttConnectionOptions options)
    {
        var at = Key(name);
        if (!Name().IsMatch(name) || name.Length > LongestName) yield return $"{at}: '{name}' cannot name a connection. Begin with a small letter and use letters, digits, - and _, {LongestName} at most.";
        if (name == MqttEvents.Embedded) yield return $"{at}: '{name}' is the server's own broker. Give the connection another name.";
        foreach (var problem in (string[])[.. OfServer(at, options), .. OfRanges(at, options), .. OfRanges($"{at}:Will", options.Will), .. OfTls($"{at}:Tls", options.Tls)]) yield return problem;
        if (options.ProtocolVersion is not ("auto" or "5.0" or "3.1.1")) yield return $"{at}:ProtocolVersion is '{options.ProtocolVersion}'. Write auto, 5.0 or 3.1.1.";
        if (options.ClientId is { Length: > 0 } id && !IsText(id)) yield return $"{at}:ClientId is too long, or holds what MQTT cannot carry.";
        if (!IsText(options.UserName)) yield return $"{at}:UserName is too long, or holds what MQTT cannot carry.";
        if (options.PasswordSecret.Length > 0 && !SecretStore.IsName(options.PasswordSecret)) yield return $"{at}:PasswordSecret has to be the name of a secret, in capital letters, digits and _, not the password itself. Write the password into a secret and its name here.";
        if (options.PasswordSecret.Length > 0 && options.UserName.Length == 0 && options.ProtocolVersion == "3.1.1") yield return $"{at}:PasswordSecret needs {at}:UserName with MQTT 3.1.1.";
        if (options.ShareName.Length > 0 && (options.ShareName.AsSpan().ContainsAny('/', '+', '#') || !IsText(options.ShareName))) yield return $"{at}:ShareName is '{options.ShareName}'. It may not hold /, + or #.";
        if (options.ShareName.Length > 0 && options.SessionExpiry == TimeSpan.Zero) yield return $"{at}:ShareName with a SessionExpiry of zero loses what was given to this server and not handled when the connection breaks. Give a SessionExpiry such as 1.00:00:00.";
        if (options.Will.Topic.Length > 0 && !TopicName.IsValid(options.Will.Topic)) yield return $"{at}:Will:Topic is '{options.Will.Topic}', which is not a topic name: one without + and #.";
        if (options.Will.Topic.Length == 0 && options.Will.Payload.Length > 0) yield return $"{at}:Will needs a Topic.";
        if (Encoding.UTF8.GetByteCount(options.Will.Payload) > LongestText) yield return $"{at}:Will:Payload has more than {LongestText} bytes, which is the most that MQTT can carry.";
    }

    /// <summary>A sentence for the first key that no connection has; null when all are known. The binder would name it without its connection.</summary>
    public static string? UnknownKey(IConfigurationSection connections)
    {
        foreach (var connection in connections.GetChildren())
        {
            if (connection.Value is { Length: > 0 }) return $"{connection.Path} holds a text. A connection is an object with Server and more, as Mqtt:Connections:plant:Server.";
            if (UnknownKey(connection, typeof(MqttConnectionOptions)) is { } problem) return problem;
        }

        return null;
    }

    private static string? UnknownKey(IConfigurationSection section, Type type)
    {
        var known = type.GetProperties();
        foreach (var child in section.GetChildren())
        {
            if (known.FirstOrDefault(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
                return $"{child.Path} is not a setting.{Suggestion.For(child.Key, known.Select(p => p.Name))}{(child.Key.Equals("Password", StringComparison.OrdinalIgnoreCase) ? " A password is never written here, only the name of its secret." : "")}";
            if (property.PropertyType.Assembly == type.Assembly && UnknownKey(child, property.PropertyType) is { } problem) return problem;
        }

        return null;
    }

    private static IEnumerable<string> OfServer(string at, MqttConnectionOptions options)
    {
        // The text itself is not shown: somebody may have written a password into it.
        if (options.Server.Length == 0) yield return $"{at}:Server is missing. Write the broker's address, as mqtts://broker.example.org:8883.";
        else if (!Uri.TryCreate(options.Server, UriKind.Absolute, out var server) || !Schemes.Contains(server.Scheme) || (server.Scheme == "unix" ? server.AbsolutePath.Length < 2 : server.Host.Length == 0))
            yield return $"{at}:Server is not the address of a broker. Write it as mqtt://host:1883, mqtts://host:8883, ws://host/mqtt, wss://host/mqtt or unix:/path/of/socket.";
        else if (server.UserInfo.Length > 0)
            yield return $"{at}:Server holds a user name or password. Write the name into {at}:UserName, and the password into a secret whose name stands in {at}:PasswordSecret.";
    }

    private static IEnumerable<string> OfTls(string at, MqttConnectionTlsOptions tls)
    {
        if (tls.CertificateKeyFile.Length > 0 && tls.CertificateFile.Length == 0) yield return $"{at}:CertificateKeyFile needs {at}:CertificateFile.";
        foreach (var (key, file) in new[] { ("AuthorityFile", tls.AuthorityFile), ("CertificateFile", tls.CertificateFile), ("CertificateKeyFile", tls.CertificateKeyFile) })
        {
            if (file.Length > 0 && !File.Exists(file)) yield return $"{at}:{key}: there is no file {Path.GetFullPath(file)}. Correct the path, or put the file there.";
        }
    }

    private static IEnumerable<string> OfRanges(string at, object options)
    {
        var found = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), found, validateAllProperties: true);
        return found.Select(problem => $"{at}: {problem.ErrorMessage}");
    }

    private static bool IsText(string text) => Encoding.UTF8.GetByteCount(text) <= LongestText && !text.Contains('\0');

    private static string Key(string name) => $"Mqtt:Connections:{name}";

    [GeneratedRegex("^[a-z][a-zA-Z0-9_-]*$")]
    private static partial Regex Name();
}
