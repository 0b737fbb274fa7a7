using Automation.Mqtt;
using Automation.Mqtt.Access;
using Automation.Mqtt.Broker;
using Automation.Server.Hosting;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Who comes in to the broker, and who may do what there: the files of the settings behind the broker's hooks.</summary>
internal static class MqttAccess
{
    /// <param name="broker">Gets the hooks.</param>
    /// <param name="options">Names the files.</param>
    /// <param name="users">Those of the database. Their own rules hold for them, and those of the file for everybody else; without that file, a name that is none of them may do nothing.</param>
    /// <returns>The rules of the file; null when there is none.</returns>
    /// <exception cref="StartupException">A file cannot be read or has a mistake; the message names file and line.</exception>
    public static AccessFile? Guard(MqttBrokerOptions broker, MqttOptions options, MqttUsers users)
    {
        try
        {
            var passwords = options.PasswordFile.Length > 0 ? new PasswordFile(options.PasswordFile, broker.OnError) : null;
            var authentication = new MqttAuthentication
            {
                Passwords = passwords,
                Users = users,
                Anonymous = options.AllowAnonymous ? MqttAnonymousAccess.Everyone : MqttAnonymousAccess.ThisMachineWithoutPasswords,
            };
            var rules = options.AccessFile.Length > 0 ? new AccessFile(options.AccessFile, broker.OnError, broker.TimeProvider) : null;
            bool IsOurs(string? name) => name is not null && passwords?.Has(name) is not true && (users.Has(name) || (rules is null && users.Any));
            broker.OnConnect = authentication.AuthenticateAsync;
            broker.AuthorizePublish = context => IsOurs(context.Client.UserName) ? new(users.AuthorizePublish(context)) : rules?.AuthorizePublish(context) ?? new(MqttReasonCode.Success);
            broker.OnSubscribe = context => IsOurs(context.Client.UserName) ? new(users.AuthorizeSubscribe(context)) : rules?.AuthorizeSubscribe(context) ?? new(MqttReasonCode.Success);
            return rules;
        }
        catch (InvalidDataException error)
        {
            throw new StartupException($"MQTT: {error.Message}", error);
        }
    }

    /// <summary>Who comes in, for the people who start the server.</summary>
    public static string Describe(MqttOptions options, MqttUsers users) => options switch
    {
        { AllowAnonymous: true } => "everybody, without a password",
        { PasswordFile.Length: > 0 } => $"users of {options.PasswordFile}",
        _ when users.Any => "users that the API made",
        _ => "from this machine, without a password; Mqtt:Host with Mqtt:PasswordFile or Mqtt:AllowAnonymous open it to others",
    };
}
