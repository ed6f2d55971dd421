//! Readable names of services by product code, as AWS's service pages and FOCUS exports print them (November 2026).

/// Product code and service name, sorted by code.
const SERVICES: &[(&str, &str)] = &[
    ("AWSAppSync", "AWS AppSync"),
    ("AWSBackup", "AWS Backup"),
    ("AWSBudgets", "AWS Budgets"),
    ("AWSCertificateManager", "AWS Certificate Manager"),
    ("AWSCloudMap", "AWS Cloud Map"),
    ("AWSCloudTrail", "AWS CloudTrail"),
    ("AWSCodeArtifact", "AWS CodeArtifact"),
    ("AWSCodeCommit", "AWS CodeCommit"),
    ("AWSCodePipeline", "AWS CodePipeline"),
    ("AWSConfig", "AWS Config"),
    ("AWSCostExplorer", "AWS Cost Explorer"),
    ("AWSDataSync", "AWS DataSync"),
    ("AWSDataTransfer", "AWS Data Transfer"),
    ("AWSDatabaseMigrationSvc", "AWS Database Migration Service"),
    ("AWSDeveloperSupport", "AWS Support (Developer)"),
    ("AWSDirectConnect", "AWS Direct Connect"),
    ("AWSDirectoryService", "AWS Directory Service"),
    ("AWSELB", "Elastic Load Balancing"),
    ("AWSElasticDisasterRecovery", "AWS Elastic Disaster Recovery"),
    ("AWSElementalMediaConvert", "AWS Elemental MediaConvert"),
    ("AWSEvents", "Amazon EventBridge"),
    ("AWSFMS", "AWS Firewall Manager"),
    ("AWSGlobalAccelerator", "AWS Global Accelerator"),
    ("AWSGlue", "AWS Glue"),
    ("AWSIoT", "AWS IoT"),
    ("AWSLambda", "AWS Lambda"),
    ("AWSNetworkFirewall", "AWS Network Firewall"),
    ("AWSQueueService", "Amazon Simple Queue Service"),
    ("AWSSecretsManager", "AWS Secrets Manager"),
    ("AWSSecurityHub", "AWS Security Hub"),
    ("AWSServiceCatalog", "AWS Service Catalog"),
    ("AWSStorageGateway", "AWS Storage Gateway"),
    ("AWSSupportBusiness", "AWS Support (Business)"),
    ("AWSSupportEnterprise", "AWS Support (Enterprise)"),
    ("AWSSystemsManager", "AWS Systems Manager"),
    ("AWSTransfer", "AWS Transfer Family"),
    ("AWSXRay", "AWS X-Ray"),
    ("AmazonApiGateway", "Amazon API Gateway"),
    ("AmazonAppStream", "Amazon AppStream"),
    ("AmazonAthena", "Amazon Athena"),
    ("AmazonBedrock", "Amazon Bedrock"),
    ("AmazonCloudFront", "Amazon CloudFront"),
    ("AmazonCloudWatch", "Amazon CloudWatch"),
    ("AmazonCognito", "Amazon Cognito"),
    ("AmazonConnect", "Amazon Connect"),
    ("AmazonDAX", "Amazon DynamoDB Accelerator"),
    ("AmazonDocDB", "Amazon DocumentDB"),
    ("AmazonDynamoDB", "Amazon DynamoDB"),
    ("AmazonEC2", "Amazon Elastic Compute Cloud"),
    ("AmazonECR", "Amazon Elastic Container Registry"),
    ("AmazonECRPublic", "Amazon Elastic Container Registry Public"),
    ("AmazonECS", "Amazon Elastic Container Service"),
    ("AmazonEFS", "Amazon Elastic File System"),
    ("AmazonEKS", "Amazon Elastic Kubernetes Service"),
    ("AmazonES", "Amazon OpenSearch Service"),
    ("AmazonElastiCache", "Amazon ElastiCache"),
    ("AmazonFSx", "Amazon FSx"),
    ("AmazonGlacier", "Amazon S3 Glacier"),
    ("AmazonGuardDuty", "Amazon GuardDuty"),
    ("AmazonInspectorV2", "Amazon Inspector"),
    ("AmazonKinesis", "Amazon Kinesis Data Streams"),
    ("AmazonKinesisAnalytics", "Amazon Managed Service for Apache Flink"),
    ("AmazonKinesisFirehose", "Amazon Data Firehose"),
    ("AmazonLightsail", "Amazon Lightsail"),
    ("AmazonMQ", "Amazon MQ"),
    ("AmazonMSK", "Amazon Managed Streaming for Apache Kafka"),
    ("AmazonMWAA", "Amazon Managed Workflows for Apache Airflow"),
    ("AmazonMacie", "Amazon Macie"),
    ("AmazonMemoryDB", "Amazon MemoryDB"),
    ("AmazonNeptune", "Amazon Neptune"),
    ("AmazonPolly", "Amazon Polly"),
    ("AmazonQuickSight", "Amazon QuickSight"),
    ("AmazonRDS", "Amazon Relational Database Service"),
    ("AmazonRedshift", "Amazon Redshift"),
    ("AmazonRegistrar", "Amazon Registrar"),
    ("AmazonRekognition", "Amazon Rekognition"),
    ("AmazonRoute53", "Amazon Route 53"),
    ("AmazonS3", "Amazon Simple Storage Service"),
    ("AmazonS3GlacierDeepArchive", "Amazon S3 Glacier Deep Archive"),
    ("AmazonSES", "Amazon Simple Email Service"),
    ("AmazonSNS", "Amazon Simple Notification Service"),
    ("AmazonSageMaker", "Amazon SageMaker"),
    ("AmazonSimpleDB", "Amazon SimpleDB"),
    ("AmazonStates", "AWS Step Functions"),
    ("AmazonTextract", "Amazon Textract"),
    ("AmazonTimestream", "Amazon Timestream"),
    ("AmazonVPC", "Amazon Virtual Private Cloud"),
    ("AmazonWorkDocs", "Amazon WorkDocs"),
    ("AmazonWorkMail", "Amazon WorkMail"),
    ("AmazonWorkSpaces", "Amazon WorkSpaces"),
    ("CloudHSM", "AWS CloudHSM"),
    ("CodeBuild", "AWS CodeBuild"),
    ("ComputeSavingsPlans", "Savings Plans for AWS Compute usage"),
    ("DatabaseSavingsPlans", "Savings Plans for AWS Database usage"),
    ("ElasticMapReduce", "Amazon EMR"),
    ("MachineLearningSavingsPlans", "Savings Plans for AWS Machine Learning"),
    ("OCBPremiumSupport", "AWS Support (Business)"),
    ("awskms", "AWS Key Management Service"),
    ("awswaf", "AWS WAF"),
    ("comprehend", "Amazon Comprehend"),
    ("datapipeline", "AWS Data Pipeline"),
    ("transcribe", "Amazon Transcribe"),
    ("translate", "Amazon Translate"),
];

/// The readable name of a service; the code itself when it has none here (Marketplace products, new services).
///
/// ```
/// use farthing::catalog::services::service_name;
/// assert_eq!(service_name("AmazonEC2"), "Amazon Elastic Compute Cloud");
/// assert_eq!(service_name("e6b2x"), "e6b2x");
/// ```
pub fn service_name(code: &str) -> &str {
    match SERVICES.binary_search_by(|(known, _)| (*known).cmp(code)) {
        Ok(at) => SERVICES[at].1,
        Err(_) => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_for_the_search() {
        assert!(SERVICES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
