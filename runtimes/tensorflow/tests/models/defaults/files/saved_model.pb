Á
Î¥
.
Identity

input"T
output"T"	
Ttype
.
Neg
x"T
y"T"
Ttype:

2	
C
Placeholder
output"dtype"
dtypetype"
shapeshape:"serve*1.7.02v1.7.0-3-g024aecf4148„
f
PlaceholderPlaceholder*#
_output_shapes
:ÿÿÿÿÿÿÿÿÿ*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
O
IdentityIdentityPlaceholder*
T0*#
_output_shapes
:ÿÿÿÿÿÿÿÿÿ
E
NegNegPlaceholder*
T0*#
_output_shapes
:ÿÿÿÿÿÿÿÿÿ"*k
otherb
%
x 
Placeholder:0ÿÿÿÿÿÿÿÿÿ
y
Neg:0ÿÿÿÿÿÿÿÿÿtensorflow/serving/predict*z
serving_defaultg
%
x 
Placeholder:0ÿÿÿÿÿÿÿÿÿ"
y

Identity:0ÿÿÿÿÿÿÿÿÿtensorflow/serving/predict