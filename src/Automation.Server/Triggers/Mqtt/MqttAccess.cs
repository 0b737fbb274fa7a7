using Automation.Mqtt.Access;
using Automation.Mqtt.Broker;
using Automation.Server.Hosting;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Who comes in to the broker, and who may do what there: the files of the settings behind the broker's hooks.</summary>
internal static class MqttAccess
{
    /// <exception cref="StartupException">A file cannot be read or has a mistake; the message names file and line.</exception>
    /// <returns>The rules; null when there are none.</returns>
    public static AccessFile? Guard(MqttBrokerOptions broker, MqttOptions options)
    {
        try
        {
            var authentication = new MqttAuthentication
            {
                Passwords = options.PasswordFile.Length > 0 ? new PasswordFile(options.PasswordFile, broker.OnError) : null,
                Anonymous = options.AllowAnonymous ? MqttAnonymousAccess.Everyone : MqttAnonymousAccess.ThisMachineWithoutPasswords,
            };
            broker.OnConnect = authentication.AuthenticateAsync;
            if (options.AccessFile.Length == 0) return null;
            var rules = new AccessFile(options.AccessFile, broker.OnError, broker.TimeProvider);
            broker.AuthorizePublish = rules.AuthorizePublish;
            broker.OnSubscribe = rules.AuthorizeSubscribe;
            return rules;
        }
        catch (InvalidDataException error)
        {
            throw new StartupException($"MQTT: {error.Message}", error);
        }
    }

    /// <summary>Who comes in, for the people who start the server.</summary>
    public static string Describe(MqttOptions options) => options switch
    {
        { AllowAnonymous: true } => "everybody, without a password",
        { PasswordFile.Length: > 0 } => $"users of {options.PasswordFile}",
        _ => "from this machine, without a password; Mqtt:Host with Mqtt:PasswordFile or Mqtt:AllowAnonymous open it to others",
    };
}
