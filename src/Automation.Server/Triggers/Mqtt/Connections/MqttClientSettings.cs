using System.Text;
using Automation.Mqtt;
using Automation.Mqtt.Client;
using Automation.Server.Hosting;
using Automation.Server.Secrets;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>The client's settings of a connection's.</summary>
internal static class MqttClientSettings
{
    // The wait before the first new attempt is a random part of it: a broker that was restarted is back in no time.
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    /// <exception cref="StartupException">The secret of the password is not set.</exception>
    public static MqttClientOptions Of(string name, MqttConnectionOptions options, string clientId, SecretStore secrets, TimeProvider time) => new()
    {
        Server = new Uri(options.Server),
        ProtocolVersion = options.ProtocolVersion switch
        {
            "5.0" => MqttProtocolVersion.V5,
            "3.1.1" => MqttProtocolVersion.V311,
            _ => null,
        },
        ClientId = clientId,
        UserName = options.UserName.Length > 0 ? options.UserName : null,
        PasswordSource = Password(name, options.PasswordSecret, secrets),
        SessionExpiry = options.SessionExpiry,
        KeepAliveSeconds = (ushort)options.KeepAliveSeconds,
        ConnectTimeout = options.ConnectTimeout,
        ReconnectDelay = ReconnectDelay,
        MaxReconnectDelay = options.MaxReconnectDelay,
        RetryRefused = true, // a password or a right may be mended on either side, without a restart here
        ReceiveMaximum = (ushort)options.ReceiveMaximum,
        EnforceReceiveMaximum = false, // a broker that does not keep to it is kept waiting
        MaxPacketBytes = options.MaximumPacketSize,
        MaxQueuedMessages = options.QueuedMessagesMaximum,
        MaxQueuedBytes = options.QueuedBytesMaximum,
        AutoAcknowledge = false,
        Will = WillOf(options.Will),
        Tls = new MqttClientTlsOptions
        {
            CaFile = Given(options.Tls.AuthorityFile),
            CertificateFile = Given(options.Tls.CertificateFile),
            KeyFile = Given(options.Tls.CertificateKeyFile),
            ServerName = Given(options.Tls.ServerName),
            ApplicationProtocols = options.Tls.ApplicationProtocols,
            AllowUntrusted = options.Tls.AllowUntrusted,
        },
        TimeProvider = time,
    };

    private static Func<ReadOnlyMemory<byte>?>? Password(string name, string secret, SecretStore secrets)
    {
        if (secret.Length == 0) return null;
        if (secrets.HowToSet(secret) is { } howToSet) throw new StartupException($"Mqtt:Connections:{name}:PasswordSecret names the secret {secret}, which is not set. {howToSet}");
        return () => secrets.TryGet(secret, out var value) ? Encoding.UTF8.GetBytes(value) : throw new InvalidOperationException($"The secret {secret} is not set. {secrets.HowToSet(secret)}");
    }

    private static MqttWill? WillOf(MqttConnectionWillOptions will) => will.Topic.Length == 0 ? null : new MqttWill(
        new MqttApplicationMessage
        {
            Topic = will.Topic,
            Payload = Encoding.UTF8.GetBytes(will.Payload),
            QualityOfService = (MqttQualityOfService)will.Qos,
            Retain = will.Retain,
        },
        will.DelaySeconds);

    private static string? Given(string text) => text.Length > 0 ? text : null;
}
